using TorrentPS.Engine.Display;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Handles pieces with a wrong hash. In a version 2 torrent, leaf hashes from peers, which the piece's root proves (BEP 52), show which blocks are bad: their senders are
/// banned, and only they are fetched again. Otherwise the whole piece is. Belongs to the torrent's loop.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="picker">The pieces.</param>
/// <param name="requests">Requests blocks.</param>
/// <param name="counters">The transfer counters.</param>
/// <param name="bans">Bans senders of bad data.</param>
internal sealed class PieceRepair(SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, BlockRequests requests, TransferCounters counters, PeerBans bans)
{
    private const int MaxSuspects = 16;

    /// <summary>The time for which a wrong piece waits for leaf hashes, in seconds: enough to ask a second peer if the first does not answer.</summary>
    private const double RepairSeconds = 8;

    private readonly BadPieceJournal _journal = new();
    private readonly Dictionary<int, SuspectPiece> _suspects = [];

    /// <summary>Requests leaf hashes; null for a v1 torrent.</summary>
    public HashExchange? Hashes { get; set; }

    /// <summary>Whether there is a wrong piece with unknown bad blocks.</summary>
    public bool IsAnySuspect => _suspects.Count > 0;

    /// <summary>Whether the leaf hashes of a wrong piece are missing.</summary>
    public bool IsUnproved(int piece) => _suspects.TryGetValue(piece, out SuspectPiece? suspect) && suspect.Right is null;

    /// <summary>Whether a piece was wrong before, so that the blocks of both attempts are to be compared.</summary>
    public bool Knows(int piece) => _journal.Knows(piece);

    /// <summary>A wrong piece.</summary>
    private sealed class SuspectPiece(OpenPiece piece, byte[][] leaves, double since)
    {
        public OpenPiece Piece { get; } = piece;

        /// <summary>The computed hashes of its blocks.</summary>
        public byte[][] Leaves { get; } = leaves;

        public double Since { get; } = since;

        /// <summary>Whether it is not fetched again before the bad blocks are known.</summary>
        public bool IsWaiting { get; set; }

        /// <summary>The correct hashes of its blocks, concatenated, once a peer has sent and proved them.</summary>
        public byte[]? Right { get; set; }
    }

    /// <summary>A piece is correct: the senders of other bytes before are now known.</summary>
    public void Verified(int piece, byte[][]? digests)
    {
        _suspects.Remove(piece);
        foreach (PeerState liar in _journal.Verified(piece, digests))
            bans.Ban(liar);
    }

    /// <summary>A piece is wrong.</summary>
    public void Failed(OpenPiece piece, byte[][] leaves)
    {
        if (_suspects.GetValueOrDefault(piece.Index)?.Right is { } right)
        {
            // It was repaired, again with bad data.
            Judge(new SuspectPiece(piece, leaves, run.Now) { IsWaiting = true, Right = right });
            return;
        }

        PeerState? liar = _journal.Failed(piece, leaves);
        if (liar is not null)
            bans.Ban(liar);
        if (Suspect(piece, leaves, isLiarKnown: liar is not null))
        {
            run.Log($"Piece {piece.Index} has the wrong hash; requesting the hashes of its blocks");
            Hashes!.AskAll();
            return;
        }

        run.Log($"Piece {piece.Index} has the wrong hash; it is downloaded again");
        FetchAgain(piece);
        Hashes?.AskAll();
    }

    /// <summary>Records a wrong piece whose leaf hashes can show the bad blocks; true if it is worth waiting for them.</summary>
    private bool Suspect(OpenPiece piece, byte[][] leaves, bool isLiarKnown)
    {
        if (Hashes is null || _suspects.Count >= MaxSuspects || piece.BlockCount < 2 || !Hashes.HasLeaves(piece.Index))
            return false;
        bool isWaiting = IsAnyoneToTell(piece.Index, run.Now);
        if (isWaiting || !isLiarKnown)
            _suspects[piece.Index] = new SuspectPiece(piece, leaves, run.Now) { IsWaiting = isWaiting };
        return isWaiting;
    }

    private bool IsAnyoneToTell(int piece, double now) =>
        Array.Exists(roster.Peers, peer => peer is { IsV2: true, IsClosed: false } && now >= peer.Hashes.PausedUntil && peer.State.Pieces[piece]);

    /// <summary>Requests missing leaf hashes from a peer.</summary>
    public void AskForLeaves(PeerSession peer, double now)
    {
        foreach ((int piece, SuspectPiece suspect) in _suspects)
        {
            if (suspect.Right is null && peer.Hashes.Asked.Count < LayerFetch.Window && peer.State.Pieces[piece])
                Hashes!.AskForLeaves(peer, piece, now);
        }
    }

    /// <summary>Leaf hashes were received.</summary>
    /// <returns>False if they do not lead to the root of their piece.</returns>
    public bool LeavesReceived(int file, HashRange range, ReadOnlySpan<byte> hashes)
    {
        int wrong = Hashes!.PieceOf(_suspects.Keys, file, range);
        if (wrong < 0)
            return true;
        if (!Hashes.Prove(wrong, range, hashes))
            return false;
        SuspectPiece suspect = _suspects[wrong];
        suspect.Right = hashes[..(suspect.Leaves.Length * Merkle.HashLength)].ToArray();
        Judge(suspect);
        return true;
    }

    /// <summary>The bad blocks of a piece are known.</summary>
    private void Judge(SuspectPiece suspect)
    {
        OpenPiece piece = suspect.Piece;
        bool[] kept = new bool[piece.BlockCount];
        HashSet<PeerState> liars = [];
        long bad = 0;
        for (int block = 0; block < kept.Length; block++)
        {
            kept[block] = suspect.Leaves[block].AsSpan().SequenceEqual(suspect.Right.AsSpan(block * Merkle.HashLength, Merkle.HashLength));
            if (kept[block] || piece.Sender(block) is not { } sender)
                continue;
            liars.Add(sender);
            bad += piece.LengthOf(block);
        }

        run.Log($"Piece {piece.Index}: by the hashes of its blocks, {CountText.Of(liars.Count, "peer")} sent bad data");
        if (!suspect.IsWaiting)
        {
            _suspects.Remove(piece.Index);
        }
        else if (kept.Contains(true) && kept.Contains(false))
        {
            suspect.IsWaiting = false;
            _suspects[piece.Index] = suspect;
            counters.Waste(bad);
            picker.Repair(piece.Index, kept);
        }
        else
        {
            _suspects.Remove(piece.Index);
            FetchAgain(piece);
        }

        foreach (PeerState liar in liars)
            bans.Ban(liar);
        AskForBlocks();
    }

    /// <summary>Requests a whole piece again.</summary>
    public void FetchAgain(OpenPiece piece)
    {
        for (int block = 0; block < piece.BlockCount; block++)
            counters.Waste(piece.Sender(block) is null ? 0 : piece.LengthOf(block)); // kept blocks are from an earlier attempt
        picker.Failed(piece.Index);
        AskForBlocks();
    }

    /// <summary>Blocks became free.</summary>
    public void AskForBlocks() => requests.AskAll();

    /// <summary>Periodic work: no piece waits long for hashes that no peer sends.</summary>
    public void Tick(double now)
    {
        foreach ((int piece, SuspectPiece suspect) in _suspects)
        {
            if (suspect.IsWaiting && (now - suspect.Since > RepairSeconds || !IsAnyoneToTell(piece, now)))
            {
                suspect.IsWaiting = false;
                run.Log($"Piece {piece}: no peer sent the hashes of its blocks; it is downloaded again");
                FetchAgain(suspect.Piece);
            }

            if (suspect.Right is null && now - suspect.Since > LayerFetch.PauseSeconds)
                _suspects.Remove(piece);
        }
    }
}
