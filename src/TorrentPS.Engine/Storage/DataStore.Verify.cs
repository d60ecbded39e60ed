using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Checking what is on disk.</summary>
internal sealed partial class DataStore
{
    /// <summary>
    /// Hashes pieces on all cores and compares them with the torrent's (BEP 3, "pieces"). Pieces whose files are missing, too short or were only
    /// just made are not read. Bytes of files whose being wanted has changed are also looked for where they were, and put
    /// where they belong; that needs <see cref="Prepare"/> to have been called.
    /// </summary>
    /// <param name="which">Which pieces to check; called on the caller's thread before anything is read.</param>
    /// <param name="pieceChecked">Gets how many of them are done; called from any thread, now and then for several pieces at once.</param>
    /// <param name="cancellationToken">Ends it within one read.</param>
    /// <returns>The pieces that are right.</returns>
    /// <exception cref="TorrentException">A file cannot be read (AccessDenied, UnsafePath).</exception>
    public async Task<Bitfield> VerifyAsync(Func<int, bool> which, Action<int>? pieceChecked, CancellationToken cancellationToken)
    {
        CheckCanVerify();
        List<int> pieces = [];
        for (int piece = 0; piece < Torrent.PieceCount; piece++)
        {
            if (which(piece))
                pieces.Add(piece);
        }

        Bitfield good = new(Torrent.PieceCount);
        long[] lengths = Lengths();
        await new PieceCrew(pieces, Torrent.PieceLength, pieceChecked).RunAsync((piece, worker) =>
        {
            if (!IsGood(piece, lengths, worker))
                return;
            lock (good)
                good.Add(piece);
        }, cancellationToken).ConfigureAwait(false);
        return good;
    }

    /// <summary>Hashes every piece, for a torrent that is being made.</summary>
    /// <param name="pieceHashed">Gets how many pieces are done; called from any thread.</param>
    /// <param name="cancellationToken">Ends it within one read.</param>
    /// <returns>The hashes in a row.</returns>
    /// <exception cref="TorrentException">A file cannot be read (AccessDenied), or is shorter than it was said to be (DataMismatch).</exception>
    public async Task<byte[]> HashAllAsync(Action<int>? pieceHashed, CancellationToken cancellationToken)
    {
        byte[] hashes = new byte[Torrent.PieceCount * InfoHash.V1Length];
        List<int> pieces = [.. Enumerable.Range(0, Torrent.PieceCount)];
        await new PieceCrew(pieces, Torrent.PieceLength, pieceHashed).RunAsync((piece, worker) =>
        {
            if (!TryHash(piece, ByteSource.Selection, worker, hashes.AsSpan(piece * InfoHash.V1Length, InfoHash.V1Length)))
                throw new TorrentException(TorrentErrorId.DataMismatch, $"A file in '{DataPath}' was cut or removed while it was hashed; try again when nothing writes to it.");
        }, cancellationToken).ConfigureAwait(false);
        return hashes;
    }

    private void CheckCanVerify()
    {
        if (Torrent.PieceHashes.Length != (long)Torrent.PieceCount * InfoHash.V1Length)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"'{Torrent.Name}' has no v1 pieces (BEP 3), so its data cannot be verified; use a v1 or hybrid torrent of it.");
    }

    private bool IsGood(int piece, long[] lengths, PieceCrew.Worker worker)
    {
        if (HasHash(piece, ByteSource.Selection, lengths, worker))
            return true;
        if (!_prepared || !WantedPieces[piece])
            return false;
        for (ByteSource source = ByteSource.PreviousSelection; source <= ByteSource.Files; source++)
        {
            if ((source == ByteSource.PreviousSelection && _previousSelection is null) || !Differs(piece, source))
                continue;
            if (HasHash(piece, source, lengths, worker) && MoveFrom(piece, source, worker.Buffer))
                return true;
        }

        return false;
    }

    private bool HasHash(int piece, ByteSource source, long[] lengths, PieceCrew.Worker worker)
    {
        Span<byte> actual = stackalloc byte[InfoHash.V1Length];
        return IsPresent(piece, Torrent.LengthOfPiece(piece), source, lengths)
            && TryHash(piece, source, worker, actual)
            && actual.SequenceEqual(Torrent.PieceHash(piece));
    }

    private bool TryHash(int piece, ByteSource source, PieceCrew.Worker worker, Span<byte> destination)
    {
        int length = Torrent.LengthOfPiece(piece);
        bool whole = true;
        for (int begin = 0; begin < length && whole; begin += worker.Buffer.Length)
        {
            worker.CancellationToken.ThrowIfCancellationRequested();
            Span<byte> part = worker.Buffer.AsSpan(0, Math.Min(worker.Buffer.Length, length - begin));
            whole = TryReadFrom(piece, begin, part, source);
            if (whole)
                worker.Hash.AppendData(part);
        }

        worker.Hash.GetHashAndReset(destination);
        return whole;
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
}
