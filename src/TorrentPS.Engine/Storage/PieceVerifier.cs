using System.Buffers;
using System.Security.Cryptography;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Hashes pieces on disk and compares them with a torrent's.</summary>
internal sealed class PieceVerifier(StoredFiles files, PieceLayers? layers)
{
    private const int CheckLength = 256 * 1024;

    private Torrent Torrent => files.Torrent;

    /// <summary>The expected hashes.</summary>
    public PieceHashes Hashes { get; } = new(files.Torrent, layers);

    /// <summary>
    /// Hashes pieces on all cores and compares them with the torrent's (BEP 3, "pieces"; BEP 52, "pieces root"; in a hybrid torrent both). Pieces whose files are
    /// missing, too short or just created are not read. Bytes of files that have been selected or deselected are also looked for in their previous place, and moved; for
    /// that the files must be prepared.
    /// </summary>
    /// <param name="which">Which pieces to check; called on the caller's thread before anything is read.</param>
    /// <param name="pieceChecked">Receives the number of checked pieces; from any thread, sometimes for several pieces at once.</param>
    /// <param name="cancellationToken">Cancels within one read.</param>
    /// <returns>The correct pieces.</returns>
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
    /// <exception cref="TorrentException">The piece could not be read (AccessDenied, UnsafePath).</exception>
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
            return false; // it was right by both hashes
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Hashes every piece, for a torrent that is being created.</summary>
    /// <param name="pieceHashed">Receives the number of hashed pieces; from any thread.</param>
    /// <param name="cancellationToken">Cancels within one read.</param>
    /// <returns>The hashes of the kinds that its version has.</returns>
    /// <exception cref="TorrentException">A file cannot be read (AccessDenied), or has become shorter (DataMismatch).</exception>
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

    /// <summary>Whether a piece without a known hash is right, because meanwhile the data of its whole file has been confirmed.</summary>
    public bool IsKnownByNow(int piece) => Torrent.Version == TorrentVersion.V2 && layers!.IsOwn(piece);

    /// <summary>Refuses a torrent without hashes.</summary>
    /// <exception cref="TorrentException">The torrent has no hashes (InvalidTorrent).</exception>
    public void CheckCanVerify()
    {
        if (Torrent.Version != TorrentVersion.V2 && Torrent.PieceHashes.Length != (long)Torrent.PieceCount * InfoHash.V1Length)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"'{Torrent.Name}' has no hashes of its pieces, so its data cannot be verified.");
    }

    /// <summary>Whether bytes of a piece may be in another place: that of a previous selection, or in an unwanted file.</summary>
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

    /// <summary>Whether a piece is on disk, by the lengths of the files, and correct.</summary>
    public bool HasHash(int piece, ByteSource source, long[] lengths, PieceCrew.Worker worker)
    {
        Span<byte> sha1 = stackalloc byte[Torrent.Version == TorrentVersion.V2 ? 0 : InfoHash.V1Length];
        Span<byte> root = stackalloc byte[layers is null ? 0 : InfoHash.V2Length];
        return IsPresent(piece, Torrent.LengthOfPiece(piece), source, lengths)
            && TryHash(piece, source, worker, sha1, root)
            && Hashes.IsRight(piece, sha1, root);
    }

    /// <summary>Computes the hashes of a piece for the destinations that are not empty.</summary>
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
            // The tree covers the file without padding.
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

    /// <summary>The height of a piece's root, also in a torrent that is being created.</summary>
    private int HeightOfPiece(int piece) =>
        Merkle.HeightOfPiece(Torrent.Files[Torrent.FileAt((long)piece * Torrent.PieceLength)].Length, Torrent.PieceLength);

    /// <summary>Whether all bytes of a piece are on disk, by the lengths of the files.</summary>
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

    /// <summary>Whether a source has some bytes of a piece in another place than they are written to.</summary>
    private bool Differs(int piece, ByteSource source)
    {
        foreach (FileSegment segment in files.Layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            if (!Torrent.Files[segment.File].IsPadding && files.Locate(segment, source) != files.Locate(segment, ByteSource.Selection))
                return true;
        }

        return false;
    }

    /// <summary>Copies bytes of a piece that a source has in another place to where they belong.</summary>
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

    /// <summary>The number of bytes worth reading in each file; 0 if it was just created.</summary>
    private long[] Lengths()
    {
        long[] lengths = new long[files.Paths.Count];
        for (int i = 0; i < lengths.Length; i++)
            lengths[i] = files.PathOf(i).Length == 0 || files.IsFresh(i) ? 0 : files.LengthOnDisk(i);
        return lengths;
    }
}
