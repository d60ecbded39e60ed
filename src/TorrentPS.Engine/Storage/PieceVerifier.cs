using System.Buffers;
using System.Security.Cryptography;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Hashing pieces on disk and comparing them with a torrent's.</summary>
internal sealed class PieceVerifier(StoredFiles files, PieceLayers? layers)
{
    private const int CheckLength = 256 * 1024;

    private Torrent Torrent => files.Torrent;

    /// <summary>What pieces must hash to.</summary>
    public PieceHashes Hashes { get; } = new(files.Torrent, layers);

    /// <summary>
    /// Hashes pieces on all cores and compares them with the torrent's (BEP 3, "pieces"; BEP 52, "pieces root"; a hybrid torrent's with both). Pieces whose files are missing, too short or were only
    /// just made are not read. Bytes of files whose being wanted has changed are also looked for where they were, and put
    /// where they belong; that needs the files to be prepared.
    /// </summary>
    /// <param name="which">Which pieces to check; called on the caller's thread before anything is read.</param>
    /// <param name="pieceChecked">Gets how many of them are done; called from any thread, now and then for several pieces at once.</param>
    /// <param name="cancellationToken">Ends it within one read.</param>
    /// <returns>The pieces that are right.</returns>
    /// <exception cref="TorrentException">A file cannot be read (AccessDenied, UnsafePath), or the torrent's hashes of both kinds contradict each other (InvalidTorrent).</exception>
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
        foreach (int piece in pieces)
        {
            if (!good[piece] && IsKnownByNow(piece))
                good.Add(piece);
        }

        return good;
    }

    /// <summary>Reads one piece and compares it with its hash.</summary>
    /// <exception cref="TorrentException">It could not be read (AccessDenied, UnsafePath).</exception>
    public bool IsStillRight(int piece)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CheckLength);
        try
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            PieceCrew.Worker worker = new(hash, new PieceTree(Torrent.PieceLength), buffer, CancellationToken.None);
            Span<byte> sha1 = stackalloc byte[Torrent.Version == TorrentVersion.V2 ? 0 : InfoHash.V1Length];
            Span<byte> root = stackalloc byte[layers is null ? 0 : InfoHash.V2Length];
            return TryHash(piece, ByteSource.Selection, worker, sha1, root) && Hashes.IsRight(piece, sha1, root);
        }
        catch (TorrentException e) when (e.ErrorId == TorrentErrorId.InvalidTorrent)
        {
            return false; // it was right by both its hashes
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Hashes every piece, for a torrent that is being made.</summary>
    /// <param name="pieceHashed">Gets how many pieces are done; called from any thread.</param>
    /// <param name="cancellationToken">Ends it within one read.</param>
    /// <returns>The hashes that its version has.</returns>
    /// <exception cref="TorrentException">A file cannot be read (AccessDenied), or is shorter than it was said to be (DataMismatch).</exception>
    public async Task<PieceDigests> HashAllAsync(Action<int>? pieceHashed, CancellationToken cancellationToken)
    {
        byte[] v1 = new byte[Torrent.Version == TorrentVersion.V2 ? 0 : Torrent.PieceCount * InfoHash.V1Length];
        byte[] v2 = new byte[Torrent.Version == TorrentVersion.V1 ? 0 : Torrent.PieceCount * InfoHash.V2Length];
        List<int> pieces = [.. Enumerable.Range(0, Torrent.PieceCount)];
        await new PieceCrew(pieces, Torrent.PieceLength, pieceHashed).RunAsync((piece, worker) =>
        {
            Span<byte> sha1 = v1.Length == 0 ? default : v1.AsSpan(piece * InfoHash.V1Length, InfoHash.V1Length);
            Span<byte> root = v2.Length == 0 ? default : v2.AsSpan(piece * InfoHash.V2Length, InfoHash.V2Length);
            if (!TryHash(piece, ByteSource.Selection, worker, sha1, root))
                throw new TorrentException(TorrentErrorId.DataMismatch, $"A file in '{files.Folder.FullPath(Torrent.Name)}' was cut or removed while it was hashed; try again when nothing writes to it.");
        }, cancellationToken).ConfigureAwait(false);
        return new PieceDigests(v1, v2);
    }

    /// <summary>Whether a piece whose hash was not known is right, since all of its file has come to be known by the hashes of the data.</summary>
    public bool IsKnownByNow(int piece) => Torrent.Version == TorrentVersion.V2 && layers!.IsOwn(piece);

    /// <summary>Refuses a torrent without hashes.</summary>
    /// <exception cref="TorrentException">It has none (InvalidTorrent).</exception>
    public void CheckCanVerify()
    {
        if (Torrent.Version != TorrentVersion.V2 && Torrent.PieceHashes.Length != (long)Torrent.PieceCount * InfoHash.V1Length)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"'{Torrent.Name}' has no hashes of its pieces, so its data cannot be verified.");
    }

    /// <summary>Whether bytes of a piece may be in another place than they belong to: where they were while other files were wanted, or in a file that is not wanted.</summary>
    public bool MayBeElsewhere(int piece) =>
        files.Layout.WantedPieces[piece] && ((files.PreviousSelection is not null && Differs(piece, ByteSource.PreviousSelection)) || Differs(piece, ByteSource.Files));

    private bool IsGood(int piece, long[] lengths, PieceCrew.Worker worker)
    {
        if (HasHash(piece, ByteSource.Selection, lengths, worker))
            return true;
        if (!files.IsPrepared || !files.Layout.WantedPieces[piece])
            return false;
        for (ByteSource source = ByteSource.PreviousSelection; source <= ByteSource.Files; source++)
        {
            if ((source == ByteSource.PreviousSelection && files.PreviousSelection is null) || !Differs(piece, source))
                continue;
            if (HasHash(piece, source, lengths, worker) && MoveFrom(piece, source, worker.Buffer))
                return true;
        }

        return false;
    }

    /// <summary>Whether a piece is on disk, by the lengths of the files, and right.</summary>
    public bool HasHash(int piece, ByteSource source, long[] lengths, PieceCrew.Worker worker)
    {
        Span<byte> sha1 = stackalloc byte[Torrent.Version == TorrentVersion.V2 ? 0 : InfoHash.V1Length];
        Span<byte> root = stackalloc byte[layers is null ? 0 : InfoHash.V2Length];
        return IsPresent(piece, Torrent.LengthOfPiece(piece), source, lengths)
            && TryHash(piece, source, worker, sha1, root)
            && Hashes.IsRight(piece, sha1, root);
    }

    /// <summary>Hashes a piece in the kinds that there is room for.</summary>
    public bool TryHash(int piece, ByteSource source, PieceCrew.Worker worker, Span<byte> sha1, Span<byte> root)
    {
        int length = Torrent.LengthOfPiece(piece), data = Torrent.DataLengthOfPiece(piece);
        bool whole = true;
        for (int begin = 0; begin < length && whole; begin += worker.Buffer.Length)
        {
            worker.CancellationToken.ThrowIfCancellationRequested();
            Span<byte> part = worker.Buffer.AsSpan(0, Math.Min(worker.Buffer.Length, length - begin));
            whole = files.TryRead(piece, begin, part, source);
            if (!whole)
                break;
            if (!sha1.IsEmpty)
                worker.Hash.AppendData(part);
            // The tree is over the file, and knows nothing of padding.
            if (!root.IsEmpty && begin < data)
                worker.Tree.Append(part[..Math.Min(part.Length, data - begin)]);
        }

        if (!sha1.IsEmpty)
            worker.Hash.GetHashAndReset(sha1);
        if (whole && !root.IsEmpty && data > 0)
            worker.Tree.TakeRoot(HeightOfPiece(piece)).CopyTo(root);
        worker.Tree.Reset();
        return whole;
    }

    /// <summary>The height of a piece's root, also of a torrent that is being made.</summary>
    private int HeightOfPiece(int piece) =>
        Merkle.HeightOfPiece(Torrent.Files[Torrent.FileAt((long)piece * Torrent.PieceLength)].Length, Torrent.PieceLength);

    /// <summary>Whether all bytes of a piece are there, by the lengths of the files.</summary>
    public bool IsPresent(int piece, int length, ByteSource source, long[] lengths)
    {
        foreach (FileSegment segment in files.Layout.Segments(piece, 0, length))
        {
            if (Torrent.Files[segment.File].IsPadding)
                continue;
            (int file, long offset) = files.Locate(segment, source);
            if (offset + segment.Length > lengths[file])
                return false;
        }

        return true;
    }

    /// <summary>Whether some bytes of a piece are elsewhere in another source than they are written to.</summary>
    private bool Differs(int piece, ByteSource source)
    {
        foreach (FileSegment segment in files.Layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            if (!Torrent.Files[segment.File].IsPadding && files.Locate(segment, source) != files.Locate(segment, ByteSource.Selection))
                return true;
        }

        return false;
    }

    /// <summary>Writes the bytes of a piece that are elsewhere in another source to where they belong.</summary>
    public bool MoveFrom(int piece, ByteSource source, byte[] buffer)
    {
        foreach (FileSegment segment in files.Layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            if (Torrent.Files[segment.File].IsPadding || files.Locate(segment, source) == files.Locate(segment, ByteSource.Selection))
                continue;
            for (int done = 0; done < segment.Length;)
            {
                FileSegment part = new(segment.File, segment.Offset + done, Math.Min(buffer.Length, segment.Length - done));
                Memory<byte> bytes = buffer.AsMemory(0, part.Length);
                if (!files.TryRead(part, bytes.Span, source))
                    return false;
                files.Write(part, [bytes]);
                done += part.Length;
            }
        }

        return true;
    }

    /// <summary>How many bytes worth reading each file has; none when it was only just made.</summary>
    private long[] Lengths()
    {
        long[] lengths = new long[files.Paths.Count];
        for (int i = 0; i < lengths.Length; i++)
            lengths[i] = files.PathOf(i).Length == 0 || files.IsFresh(i) ? 0 : files.LengthOnDisk(i);
        return lengths;
    }
}
