using TorrentPS.Engine.Display;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>
/// Pieces that are not what their hash says. Of a version 2 torrent the hashes of blocks, which peers have and the piece's root proves (BEP 52), tell which
/// blocks are bad: who sent them is banned, and they alone are fetched again. Else all of the piece is.
/// </content>
internal sealed partial class TorrentSession
{
    private const int MaxSuspects = 16;

    /// <summary>How long a wrong piece waits for the hashes of its blocks: enough to ask a second peer when the first says nothing.</summary>
    private const double RepairSeconds = 8;

    private readonly Dictionary<int, SuspectPiece> _suspects = [];

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

    private void PieceFailed(OpenPiece piece, byte[][] leaves)
    {
        if (_suspects.GetValueOrDefault(piece.Index)?.Right is { } right)
        {
            // It was repaired, with bad data once more.
            Judge(new SuspectPiece(piece, leaves, Now) { IsWaiting = true, Right = right });
            return;
        }

        PeerState? liar = _badPieces.Failed(piece, leaves);
        if (liar is not null)
            Ban(liar);
        if (Suspect(piece, leaves, isLiarKnown: liar is not null))
        {
            Log($"Piece {piece.Index} has the wrong hash; requesting the hashes of its blocks");
            AskForHashes();
            return;
        }

        Log($"Piece {piece.Index} has the wrong hash; it is downloaded again");
        FetchAgain(piece);
        AskForHashes();
    }

    /// <summary>Notes a wrong piece whose leaves tell which blocks are bad; true when it is worth waiting for them.</summary>
    private bool Suspect(OpenPiece piece, byte[][] leaves, bool isLiarKnown)
    {
        if (_layers is not { } layers || !layers.IsKnown(piece.Index) || _suspects.Count >= MaxSuspects || piece.BlockCount < 2 || !_hashes!.HasLeaves(piece.Index))
            return false;
        bool isWaiting = IsAnyoneToTell(piece.Index, Now);
        if (isWaiting || !isLiarKnown)
            _suspects[piece.Index] = new SuspectPiece(piece, leaves, Now) { IsWaiting = isWaiting };
        return isWaiting;
    }

    private bool IsAnyoneToTell(int piece, double now) =>
        Array.Exists(Peers, peer => peer is { IsV2: true, IsClosed: false } && now >= peer.HashesPausedUntil && peer.State.Pieces[piece]);

    private void LeavesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes)
    {
        PieceLayers layers = _layers!;
        int wrong = -1;
        foreach (int piece in _suspects.Keys)
        {
            if (_hashes!.LeavesOf(piece) == range && _torrent.PieceRoots![layers.FileOf(piece)].Span.SequenceEqual(_torrent.PieceRoots[file].Span))
                wrong = piece;
        }

        if (wrong < 0 || !layers.TryGet(wrong, out ReadOnlySpan<byte> root))
            return;
        if (!HashProofs.Leads(hashes, range.Length, 0, 0, root))
        {
            Log($"Peer {peer.EndPoint} sent hashes that do not lead to their root");
            Ban(peer.State);
            return;
        }

        SuspectPiece suspect = _suspects[wrong];
        suspect.Right = hashes[..(suspect.Leaves.Length * Merkle.HashLength)].ToArray();
        Judge(suspect);
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

        Log($"Piece {piece.Index}: by the hashes of its blocks, {CountText.Of(liars.Count, "peer")} sent bad data");
        if (!suspect.IsWaiting)
        {
            _suspects.Remove(piece.Index);
        }
        else if (kept.Contains(true) && kept.Contains(false))
        {
            suspect.IsWaiting = false;
            _suspects[piece.Index] = suspect;
            _wasted += bad;
            _picker.Repair(piece.Index, kept);
        }
        else
        {
            _suspects.Remove(piece.Index);
            FetchAgain(piece);
        }

        foreach (PeerState liar in liars)
            Ban(liar);
        AskAll();
    }

    /// <summary>All of a piece is asked for once more.</summary>
    private void FetchAgain(OpenPiece piece)
    {
        for (int block = 0; block < piece.BlockCount; block++)
            _wasted += piece.Sender(block) is null ? 0 : piece.LengthOf(block); // what was kept came before
        _picker.Failed(piece.Index);
        AskAll();
    }

    /// <summary>Looks at the clock: nothing waits for long for what nobody tells.</summary>
    private void TickSuspects(double now)
    {
        foreach ((int piece, SuspectPiece suspect) in _suspects)
        {
            if (suspect.IsWaiting && (now - suspect.Since > RepairSeconds || !IsAnyoneToTell(piece, now)))
            {
                suspect.IsWaiting = false;
                Log($"Piece {piece}: no peer sent the hashes of its blocks; it is downloaded again");
                FetchAgain(suspect.Piece);
            }

            if (suspect.Right is null && now - suspect.Since > LayerFetch.PauseSeconds)
                _suspects.Remove(piece);
        }
    }
}
