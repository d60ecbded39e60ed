using System.Security.Cryptography;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Checking what is on disk.</summary>
internal sealed partial class DataStore
{
    // Large enough that the calls cost nothing, small enough that the bytes are still in the processor's cache when they are hashed.
    private const int VerifyBuffer = 256 * 1024;
    private const int VerifyBatch = 1 << 20;

    /// <summary>
    /// Hashes pieces on all cores and compares them with the torrent's (BEP 3, "pieces"). Pieces whose files are missing, too short or were only
    /// just made are not read. Bytes of files whose being wanted has changed are also looked for where they were, and put
    /// where they belong; that needs <see cref="Prepare"/> to have been called.
    /// </summary>
    /// <param name="which">Which pieces to check; called on the caller's thread before anything is read.</param>
    /// <param name="pieceChecked">Gets how many of them are done; called from any thread, now and then for several pieces at once.</param>
    /// <param name="cancellationToken">Ends it within one read.</param>
    /// <returns>The pieces that are right.</returns>
    /// <exception cref="Errors.TorrentException">A file cannot be read (AccessDenied, UnsafePath).</exception>
    public async Task<Bitfield> VerifyAsync(Func<int, bool> which, Action<int>? pieceChecked, CancellationToken cancellationToken)
    {
        if (Torrent.PieceHashes.Length != (long)Torrent.PieceCount * InfoHash.V1Length)
            throw new NotSupportedException("Only v1 pieces can be verified.");
        List<int> pieces = [];
        for (int piece = 0; piece < Torrent.PieceCount; piece++)
        {
            if (which(piece))
                pieces.Add(piece);
        }

        int batch = Math.Max(1, VerifyBatch / Torrent.PieceLength);
        int workers = Math.Min(Environment.ProcessorCount, (pieces.Count + batch - 1) / batch);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Verification run = new(pieces, batch, Lengths(), new Bitfield(Torrent.PieceCount), pieceChecked);
        Task[] tasks = new Task[workers];
        for (int i = 0; i < workers; i++)
        {
            // Threads of their own: the work blocks, and must not take the pool's threads from the network.
            tasks[i] = Task.Factory.StartNew(() => VerifyBatches(run, stop), stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        await Task.WhenAll(tasks).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return run.Good;
    }

    private void VerifyBatches(Verification run, CancellationTokenSource stop)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        byte[] buffer = GC.AllocateUninitializedArray<byte>(Math.Min(VerifyBuffer, Torrent.PieceLength));
        try
        {
            while (run.TryTake(out int first, out int end))
            {
                for (int i = first; i < end; i++)
                {
                    if (IsGood(run.Pieces[i], run.Lengths, hash, buffer, stop.Token))
                        run.Add(run.Pieces[i]);
                }

                run.Report(end - first);
            }
        }
        catch
        {
            stop.Cancel();
            throw;
        }
    }

    private bool IsGood(int piece, long[] lengths, IncrementalHash hash, byte[] buffer, CancellationToken cancellationToken)
    {
        if (HasHash(piece, ByteSource.Selection, lengths, hash, buffer, cancellationToken))
            return true;
        if (!_prepared || !WantedPieces[piece])
            return false;
        for (ByteSource source = ByteSource.PreviousSelection; source <= ByteSource.Files; source++)
        {
            if ((source == ByteSource.PreviousSelection && _previousSelection is null) || !Differs(piece, source))
                continue;
            if (HasHash(piece, source, lengths, hash, buffer, cancellationToken) && MoveFrom(piece, source, buffer))
                return true;
        }

        return false;
    }

    private bool HasHash(int piece, ByteSource source, long[] lengths, IncrementalHash hash, byte[] buffer, CancellationToken cancellationToken)
    {
        int length = Torrent.LengthOfPiece(piece);
        if (!IsPresent(piece, length, source, lengths))
            return false;
        Span<byte> actual = stackalloc byte[InfoHash.V1Length];
        bool whole = true;
        for (int begin = 0; begin < length && whole; begin += buffer.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<byte> part = buffer.AsSpan(0, Math.Min(buffer.Length, length - begin));
            whole = TryReadFrom(piece, begin, part, source);
            if (whole)
                hash.AppendData(part);
        }

        hash.GetHashAndReset(actual);
        return whole && actual.SequenceEqual(Torrent.PieceHash(piece));
    }

    private bool IsPresent(int piece, int length, ByteSource source, long[] lengths)
    {
        foreach (FileSegment segment in _layout.Segments(piece, 0, length))
        {
            if (Torrent.Files[segment.File].IsPadding)
                continue;
            (int file, long offset) = Locate(segment, source);
            if (offset + segment.Length > lengths[file])
                return false;
        }

        return true;
    }

    /// <summary>Whether some bytes of a piece are elsewhere in another source than they are written to.</summary>
    private bool Differs(int piece, ByteSource source)
    {
        foreach (FileSegment segment in _layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            if (!Torrent.Files[segment.File].IsPadding && Locate(segment, source) != Locate(segment, ByteSource.Selection))
                return true;
        }

        return false;
    }

    /// <summary>Writes the bytes of a piece that are elsewhere in another source to where they belong.</summary>
    private bool MoveFrom(int piece, ByteSource source, byte[] buffer)
    {
        foreach (FileSegment segment in _layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            if (Torrent.Files[segment.File].IsPadding || Locate(segment, source) == Locate(segment, ByteSource.Selection))
                continue;
            for (int done = 0; done < segment.Length;)
            {
                FileSegment part = new(segment.File, segment.Offset + done, Math.Min(buffer.Length, segment.Length - done));
                Memory<byte> bytes = buffer.AsMemory(0, part.Length);
                if (!TryReadSegment(part, bytes.Span, source))
                    return false;
                WriteSegment(part, [bytes]);
                done += part.Length;
            }
        }

        return true;
    }

    /// <summary>How many bytes worth reading each file has; none when it was only just made.</summary>
    private long[] Lengths()
    {
        long[] lengths = new long[_paths.Length];
        for (int i = 0; i < lengths.Length; i++)
            lengths[i] = _paths[i].Length == 0 || Volatile.Read(ref _fresh[i]) ? 0 : LengthOnDisk(i);
        return lengths;
    }

    private sealed class Verification(List<int> pieces, int batch, long[] lengths, Bitfield good, Action<int>? pieceChecked)
    {
        private readonly Lock _lock = new();
        private int _next;
        private int _done;

        public List<int> Pieces => pieces;

        public long[] Lengths => lengths;

        public Bitfield Good => good;

        /// <summary>The next few pieces, so that a worker reads neighbours and small pieces cost no contention.</summary>
        public bool TryTake(out int first, out int end)
        {
            first = (int)Math.Min(pieces.Count, Interlocked.Add(ref _next, batch) - (long)batch);
            end = Math.Min(pieces.Count, first + batch);
            return first < end;
        }

        public void Add(int piece)
        {
            lock (_lock)
                good.Add(piece);
        }

        public void Report(int count)
        {
            int done = Interlocked.Add(ref _done, count);
            pieceChecked?.Invoke(done);
        }
    }
}
