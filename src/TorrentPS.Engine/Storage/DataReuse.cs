using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Copies data from other files that have some of the torrent's data (BEP 38). These are only read; a piece counts if the copy has the right hash.</summary>
internal sealed class DataReuse(StoredFiles files, PieceVerifier verifier, PieceLayers? layers)
{
    /// <summary>A donor that has yielded nothing in this number of pieces is given up.</summary>
    private const int PatienceWithDonor = 64;

    private DonorState?[] _given = []; // by file, in the current round

    private Torrent Torrent => files.Torrent;

    /// <summary>Copies the torrent's data from files in other places. Call this after the existing data is known.</summary>
    /// <param name="have">The existing pieces; pieces that are found are added.</param>
    /// <param name="roots">Files, and folders to search.</param>
    /// <param name="pieceChecked">Receives the number of checked pieces and their total; from any thread.</param>
    /// <param name="cancellationToken">Cancels within one read.</param>
    /// <returns>The number of bytes of wanted files that were copied.</returns>
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

    /// <summary>The missing pieces of which a donor of this round may have a part.</summary>
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
                // Unverifiable pieces are not used: peers may still have to send the hashes of a version 2 torrent.
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
            // An unreadable donor yields nothing.
        }

        Note(piece, isGood);
        // The donor may change in between: the hash of the copy decides.
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

    /// <summary>A donor in use, and whether it has yielded anything.</summary>
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
