using System.Security.Cryptography;

namespace TorrentPS.Engine.Storage;

/// <summary>Does something with many pieces on all cores, in their order as far as that goes, with one small buffer a core.</summary>
internal sealed class PieceCrew
{
    // Large enough that the calls cost nothing, small enough that the bytes are still in the processor's cache when they are hashed.
    private const int BufferLength = 256 * 1024;
    private const int BatchLength = 1 << 20;

    private readonly List<int> _pieces;
    private readonly int _pieceLength;
    private readonly int _batch;
    private readonly Action<int>? _progress;
    private int _next;
    private int _done;

    /// <param name="pieces">The pieces.</param>
    /// <param name="pieceLength">Bytes in a piece.</param>
    /// <param name="progress">Gets how many are done; called from any thread.</param>
    public PieceCrew(List<int> pieces, int pieceLength, Action<int>? progress)
    {
        _pieces = pieces;
        _pieceLength = pieceLength;
        _progress = progress;

        // Several at once, so that a worker reads neighbours and small pieces cost no contention.
        _batch = Math.Max(1, BatchLength / pieceLength);
    }

    /// <summary>Does the work; the first exception ends it and is thrown.</summary>
    public async Task RunAsync(Action<int, Worker> work, CancellationToken cancellationToken)
    {
        int workers = Math.Min(Environment.ProcessorCount, (_pieces.Count + _batch - 1) / _batch);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] tasks = new Task[workers];
        for (int i = 0; i < workers; i++)
        {
            // Threads of their own: the work blocks, and must not take the pool's threads from the network.
            tasks[i] = Task.Factory.StartNew(() => WorkUntilDone(work, stop, cancellationToken), stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        await Task.WhenAll(tasks).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void WorkUntilDone(Action<int, Worker> work, CancellationTokenSource stop, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        Worker worker = new(hash, new PieceTree(_pieceLength), GC.AllocateUninitializedArray<byte>(Math.Min(BufferLength, _pieceLength)), stop.Token);
        try
        {
            while (true)
            {
                int first = (int)Math.Min(_pieces.Count, Interlocked.Add(ref _next, _batch) - (long)_batch);
                int end = Math.Min(_pieces.Count, first + _batch);
                if (first == end)
                    return;
                cancellationToken.ThrowIfCancellationRequested(); // the other follows it, but only when the thread that cancels has come so far
                stop.Token.ThrowIfCancellationRequested();
                for (int i = first; i < end; i++)
                    work(_pieces[i], worker);
                _progress?.Invoke(Interlocked.Add(ref _done, end - first));
            }
        }
        catch
        {
            stop.Cancel();
            throw;
        }
    }

    /// <summary>What one thread works with.</summary>
    internal sealed record Worker(IncrementalHash Hash, PieceTree Tree, byte[] Buffer, CancellationToken CancellationToken)
    {
        /// <summary>Forgets a piece that was not read to its end.</summary>
        public void Reset()
        {
            Hash.GetHashAndReset();
            Tree.Reset();
        }
    }
}
