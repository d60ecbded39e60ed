using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Data of other files that is the torrent's, too (BEP 38). Those are only read; a piece counts when what was copied has its hash.</summary>
internal sealed class DataReuse(StoredFiles files, PieceVerifier verifier, PieceLayers? layers)
{
    /// <summary>A file that has given nothing in so many pieces has nothing, most likely.</summary>
    private const int PatienceWithDonor = 64;

    private DonorState?[] _given = []; // by file, in the round under way

    private Torrent Torrent => files.Torrent;

    /// <summary>Copies what is the torrent's from files in other places. To be called when it is known what is there.</summary>
    /// <param name="have">The pieces that are there; those that are found are added.</param>
    /// <param name="roots">Files, and folders to look into.</param>
    /// <param name="pieceChecked">Gets how many pieces of how many are done; called from any thread.</param>
    /// <param name="cancellationToken">Ends it within one read.</param>
    /// <returns>Bytes of wanted files that were copied.</returns>
    /// <exception cref="TorrentException">The data could not be written (DiskFull, AccessDenied).</exception>
    public async Task<long> RunAsync(Bitfield have, IReadOnlyList<string> roots, Action<int, int>? pieceChecked, CancellationToken cancellationToken)
    {
        verifier.CheckCanVerify();
        DonorSearch search = new(Torrent, files.Paths);
        foreach (string root in roots)
        {
            cancellationToken.ThrowIfCancellationRequested();
            search.Look(root);
        }

        long copied = 0;
        for (int round = 0; round < DonorSearch.MaxDonors; round++)
        {
            _given = [.. Torrent.Files.Select(file => search.Of(file.Index) is { } donors && donors.Count > round ? new DonorState(donors[round]) : null)];
            files.Donors = [.. _given.Select(state => state?.Donor)];
            List<int> pieces = PiecesToTry(have);
            if (pieces.Count == 0)
                continue;
            Bitfield good = new(Torrent.PieceCount);
            await new PieceCrew(pieces, Torrent.PieceLength, done => pieceChecked?.Invoke(done, pieces.Count)).RunAsync((piece, worker) =>
            {
                if (!TryReuse(piece, worker))
                    return;
                lock (good)
                    good.Add(piece);
            }, cancellationToken).ConfigureAwait(false);
            foreach (int piece in pieces)
            {
                if (good[piece] && have.Add(piece))
                    copied += files.Layout.BytesWantedIn(piece);
            }

            files.CloseDonors();
        }

        files.Donors = [];
        _given = [];
        return copied;
    }

    /// <summary>The missing pieces that a file of this round may have a part of.</summary>
    private List<int> PiecesToTry(Bitfield have)
    {
        SortedSet<int> pieces = [];
        for (int file = 0; file < _given.Length; file++)
        {
            if (_given[file] is null)
                continue;
            (int first, int last) = files.Layout.PiecesOf(file);
            for (int piece = first; piece <= last; piece++)
            {
                // What cannot be verified is not used: the hashes of a version 2 torrent may still have to come from peers.
                if (files.Layout.WantedPieces[piece] && !have[piece] && (Torrent.Version != TorrentVersion.V2 || layers!.IsKnown(piece)))
                    pieces.Add(piece);
            }
        }

        return [.. pieces];
    }

    private bool TryReuse(int piece, PieceCrew.Worker worker)
    {
        Span<byte> sha1 = stackalloc byte[Torrent.Version == TorrentVersion.V2 ? 0 : InfoHash.V1Length];
        Span<byte> root = stackalloc byte[layers is null ? 0 : InfoHash.V2Length];
        if (!MayBeGiven(piece))
            return false;
        bool isGood = false;
        try
        {
            isGood = verifier.TryHash(piece, ByteSource.Donors, worker, sha1, root) && verifier.Hashes.IsRight(piece, sha1, root);
        }
        catch (TorrentException e) when (e.ErrorId is TorrentErrorId.AccessDenied or TorrentErrorId.UnsafePath)
        {
            // It cannot be read, and so gives nothing.
        }

        Note(piece, isGood);
        // The file may change in between: what counts is the hash of what was copied.
        return isGood && verifier.MoveFrom(piece, ByteSource.Donors, worker.Buffer) && verifier.TryHash(piece, ByteSource.Selection, worker, sha1, root) && verifier.Hashes.IsRight(piece, sha1, root);
    }

    private bool MayBeGiven(int piece)
    {
        bool any = false;
        foreach (FileSegment segment in files.Layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
        {
            if (_given[segment.File] is not { } state)
                continue;
            long begin = segment.Offset + state.Donor.Shift;
            if (begin < 0 || begin + segment.Length > state.Donor.Length)
                return false;
            any |= state.IsPromising;
        }

        return any;
    }

    private void Note(int piece, bool isGood)
    {
        foreach (FileSegment segment in files.Layout.Segments(piece, 0, Torrent.LengthOfPiece(piece)))
            _given[segment.File]?.Note(isGood);
    }

    /// <summary>A donor in use, and whether it has given anything.</summary>
    private sealed class DonorState(DonorSearch.Donor donor)
    {
        private int _inVain;

        public DonorSearch.Donor Donor => donor;

        public bool IsPromising => Volatile.Read(ref _inVain) < PatienceWithDonor;

        public void Note(bool isGood)
        {
            if (isGood)
                Volatile.Write(ref _inVain, int.MinValue);
            else
                Interlocked.Increment(ref _inVain);
        }
    }
}
