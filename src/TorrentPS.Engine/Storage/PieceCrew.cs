using System.Security.Cryptography;

namespace TorrentPS.Engine.Storage;

/// <summary>Processes many pieces on all cores, roughly in order, with one small buffer per core.</summary>
internal sealed class PieceCrew
{
    // Large enough to make the cost of calls negligible, small enough to stay in the processor's cache until hashed.
    private const int BufferLength = 256 * 1024;
    private const int BatchLength = 1 << 20;

    private readonly List<int> _pieces;
    private readonly int _pieceLength;
    private readonly int _batch;
    private readonly Action<int>? _progress;
    private int _next;
    private int _done;

    /// <param name="pieces">The pieces.</param>
    /// <param name="pieceLength">The piece length in bytes.</param>
    /// <param name="progress">Receives the number of processed pieces; from any thread.</param>
    public PieceCrew(List<int> pieces, int pieceLength, Action<int>? progress)
    {
        _pieces = pieces;
        _pieceLength = pieceLength;
        _progress = progress;

        // Several pieces at once, so that a worker reads adjacent data and small pieces cause no contention.
        _batch = Math.Max(1, BatchLength / pieceLength);
    }

    /// <summary>Runs the work; the first exception ends it and is thrown.</summary>
    public async Task RunAsync(Action<int, Worker> work, CancellationToken cancellationToken)
    {
        int workers = Math.Min(Environment.ProcessorCount, (_pieces.Count + _batch - 1) / _batch);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] tasks = new Task[workers];
        for (int i = 0; i < workers; i++)
        {
            // Dedicated threads: the work blocks, and must not take pool threads from the network.
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
                cancellationToken.ThrowIfCancellationRequested(); // the linked token is cancelled only after the cancelling thread gets to it
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

    /// <summary>The state of one worker thread.</summary>
    internal sealed record Worker(IncrementalHash Hash, PieceTree Tree, byte[] Buffer, CancellationToken CancellationToken)
    {
        /// <summary>Discards a piece that was not read completely.</summary>
        public void Reset()
        {
            Hash.GetHashAndReset();
            Tree.Reset();
        }
    }
}
