using System.Numerics;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>What follows from what peers offer, send, refuse and fail to send. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="picker">What they are asked for.</param>
/// <param name="pool">The buffers that blocks are received into.</param>
/// <param name="limiter">How fast they may come.</param>
/// <param name="counters">What was received.</param>
/// <param name="requests">Asks for blocks.</param>
/// <param name="assembly">Takes them.</param>
internal sealed class PeerDownload(
    SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, SegmentPool pool, RateLimiter limiter, TransferCounters counters, BlockRequests requests, PieceAssembly assembly) : IPeerDownload
{
    /// <summary>Bytes of receive buffers that all peers have together, while they are not too many for that.</summary>
    private const int ReceiveBuffers = 8 << 20;

    /// <summary>A peer that owes blocks and sends none for this long is snubbed: others are asked for them.</summary>
    private const double SnubSeconds = 20;

    /// <summary>And after this long it is dropped.</summary>
    private const double DropSeconds = 60;

    /// <summary>A peer that rejects a block while it does not choke us is not asked for the piece for this long.</summary>
    private const double PassOverSeconds = 10;

    private bool _areBlocksRejected;

    /// <summary>Exchanges hashes; null for a v1 torrent.</summary>
    public required HashExchange? Hashes { get; init; }

    /// <summary>Shows pieces, while the torrent super-seeds.</summary>
    public required PieceShowing Showing { get; init; }

    /// <inheritdoc/>
    public SegmentPool Pool => pool;

    /// <inheritdoc/>
    public RateLimiter DownloadLimiter => limiter;

    /// <inheritdoc/>
    public int ReceiveBufferLength =>
        (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)(ReceiveBuffers / Math.Max(roster.Peers.Length, 1)) + 1) / 2, PeerConnection.LargeBuffer / 8, PeerConnection.LargeBuffer);

    /// <inheritdoc/>
    public void PiecesChanged(PeerSession peer, int piece = -1)
    {
        Showing.PiecesChanged(peer, piece);
        if (piece < 0)
            Hashes?.Ask(peer);
        else
            Hashes?.Ask(peer, piece);
        OffersChanged(peer);
    }

    /// <inheritdoc/>
    public void OffersChanged(PeerSession peer)
    {
        if (run.IsComplete && peer.IsSeed)
        {
            peer.Close(PeerClose.NothingToDo);
            return;
        }

        peer.SendInterest(peer.State.Interesting > 0);
        requests.Ask(peer);
    }

    /// <inheritdoc/>
    public void ChokeChanged(PeerSession peer)
    {
        if (peer.State.IsChokingUs)
        {
            if (peer.IsFast)
                requests.ReleaseRefused(peer.State);
            else
                requests.ReleaseAll(peer.State);
            requests.AskAll();
        }
        else
        {
            requests.Share();
            requests.Ask(peer);
        }
    }

    /// <inheritdoc/>
    public void Received(PeerSession peer)
    {
        if (_areBlocksRejected)
        {
            _areBlocksRejected = false;
            requests.AskAll();
        }

        requests.Ask(peer);
    }

    /// <inheritdoc/>
    public void Rejected(PeerSession peer, Outstanding item)
    {
        PeerState state = peer.State;
        int piece = item.Piece.Index;
        picker.Release(state, item);
        _areBlocksRejected = true; // others are asked when what came with this is read
        if (state.IsChokingUs)
        {
            if (!item.IsReleased)
                state.AllowedFast.Remove(piece); // allowed is not promised
        }
        else if (picker.PeerLacks(state, piece))
        {
            state.PassedOver.Add(piece);
            state.PassedOverUntil = run.Now + PassOverSeconds;
            peer.SendInterest(state.Interesting > 0);
        }
    }

    /// <inheritdoc/>
    public void PieceLost(PeerSession peer, int piece)
    {
        PeerState state = peer.State;
        state.PassedOver.Remove(piece);
        if (!picker.PeerLacks(state, piece))
            return;
        requests.ReleasePiece(state, piece);
        peer.SendInterest(state.Interesting > 0);
        requests.AskAll();
    }

    /// <inheritdoc/>
    public void BlockReceived(PeerSession peer, Outstanding item) => assembly.BlockReceived(peer.State, item);

    /// <inheritdoc/>
    public void Wasted(PeerSession peer, int bytes) => counters.ReceivedInVain(bytes);

    /// <summary>Looks at the clock for a peer.</summary>
    public void Tick(PeerSession peer, double now)
    {
        PeerState state = peer.State;
        state.Rate = state.DownloadRate.PerSecond(now);
        if (peer.IsHeldBack)
            state.LastBlockAt = now;
        if (state.PassedOver.Count > 0 && now >= state.PassedOverUntil)
            AskAgainForPassedOver(peer);
        double silent = now - state.LastBlockAt;
        if (state.IsChokingUs && state.Outstanding.Count > 0 && silent > SnubSeconds)
        {
            // Neither sent nor refused: it has forgotten, and what it allows is not to be had.
            state.AllowedFast.Clear();
            requests.ReleaseOwed(state);
            peer.ForgetReleased();
        }

        if (state.Outstanding.Count > 0 && silent > DropSeconds)
        {
            peer.Close(PeerClose.TimedOut);
            return;
        }

        if (state is { IsSnubbed: false, Outstanding.Count: > 0 } && silent > SnubSeconds)
            Snub(state);
        peer.Tick(now);
        requests.Ask(peer);
    }

    /// <summary>Releases what a silent peer owes, but still takes it when it comes.</summary>
    private void Snub(PeerState peer)
    {
        peer.IsSnubbed = true;
        peer.Window.Snub();
        requests.ReleaseOwed(peer);
    }

    /// <summary>What a peer rejected though it does not choke us may be asked of it again: it had too much to do, perhaps.</summary>
    private void AskAgainForPassedOver(PeerSession peer)
    {
        int[] pieces = [.. peer.State.PassedOver];
        peer.State.PassedOver.Clear();
        foreach (int piece in pieces)
            picker.PeerHas(peer.State, piece);
        OffersChanged(peer);
    }
}
