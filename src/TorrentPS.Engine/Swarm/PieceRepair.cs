using TorrentPS.Engine.Display;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Pieces that are not what their hash says. Of a version 2 torrent the hashes of blocks, which peers have and the piece's root proves (BEP 52), tell which
/// blocks are bad: who sent them is banned, and they alone are fetched again. Else all of the piece is. Belongs to the torrent's loop.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="picker">The pieces.</param>
/// <param name="requests">Asks for blocks again.</param>
/// <param name="counters">What was received in vain.</param>
/// <param name="bans">Parts with those that sent bad data.</param>
internal sealed class PieceRepair(SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, BlockRequests requests, TransferCounters counters, PeerBans bans)
{
    private const int MaxSuspects = 16;

    /// <summary>How long a wrong piece waits for the hashes of its blocks: enough to ask a second peer when the first says nothing.</summary>
    private const double RepairSeconds = 8;

    private readonly BadPieceJournal _journal = new();
    private readonly Dictionary<int, SuspectPiece> _suspects = [];

    /// <summary>What gets the hashes of blocks; null for a v1 torrent.</summary>
    public HashExchange? Hashes { get; set; }

    /// <summary>Whether a piece was wrong of which more is to be found out.</summary>
    public bool IsAnySuspect => _suspects.Count > 0;

    /// <summary>Whether the hashes of a piece's blocks are missing.</summary>
    public bool IsUnproved(int piece) => _suspects.TryGetValue(piece, out SuspectPiece? suspect) && suspect.Right is null;

    /// <summary>Whether a piece was wrong before, so that its blocks are to be compared.</summary>
    public bool Knows(int piece) => _journal.Knows(piece);

    /// <summary>A piece that was wrong.</summary>
    private sealed class SuspectPiece(OpenPiece piece, byte[][] leaves, double since)
    {
        public OpenPiece Piece { get; } = piece;

        /// <summary>The hashes of its blocks as they came.</summary>
        public byte[][] Leaves { get; } = leaves;

        public double Since { get; } = since;

        /// <summary>Whether it is not fetched again before it is known which blocks are bad.</summary>
        public bool IsWaiting { get; set; }

        /// <summary>The hashes of its blocks as they must be, in a row, once a peer has proved them.</summary>
        public byte[]? Right { get; set; }
    }

    /// <summary>A piece is right now: those who sent other bytes before are known.</summary>
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
            // It was repaired, with bad data once more.
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

    /// <summary>Notes a wrong piece whose leaves tell which blocks are bad; true when it is worth waiting for them.</summary>
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

    /// <summary>Asks a peer for the hashes of blocks that are missing.</summary>
    public void AskForLeaves(PeerSession peer, double now)
    {
        foreach ((int piece, SuspectPiece suspect) in _suspects)
        {
            if (suspect.Right is null && peer.Hashes.Asked.Count < LayerFetch.Window && peer.State.Pieces[piece])
                Hashes!.AskForLeaves(peer, piece, now);
        }
    }

    /// <summary>Hashes of blocks have come.</summary>
    /// <returns>False when they do not lead to the root of the piece that they are of.</returns>
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

    /// <summary>It is known which blocks are bad.</summary>
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

    /// <summary>All of a piece is asked for once more.</summary>
    public void FetchAgain(OpenPiece piece)
    {
        for (int block = 0; block < piece.BlockCount; block++)
            counters.Waste(piece.Sender(block) is null ? 0 : piece.LengthOf(block)); // what was kept came before
        picker.Failed(piece.Index);
        AskForBlocks();
    }

    /// <summary>Something became free to ask for.</summary>
    public void AskForBlocks() => requests.AskAll();

    /// <summary>Looks at the clock: nothing waits for long for what nobody tells.</summary>
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
