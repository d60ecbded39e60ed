using System.Net;
using System.Numerics;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>Reacts to what peers offer, send, reject and fail to send. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="picker">Picks the blocks.</param>
/// <param name="pool">The buffers for received blocks.</param>
/// <param name="limit">The download limit.</param>
/// <param name="counters">The transfer counters.</param>
/// <param name="requests">Requests blocks.</param>
/// <param name="assembly">Assembles blocks.</param>
internal sealed class PeerDownload(
    SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, SegmentPool pool, PeerLimit limit, TransferCounters counters, BlockRequests requests, PieceAssembly assembly) : IPeerDownload
{
    /// <summary>The total size of the receive buffers of all peers in bytes, unless there are too many peers.</summary>
    private const int ReceiveBuffers = 8 << 20;

    /// <summary>The time after which a peer that owes blocks and sends none is snubbed, in seconds.</summary>
    private const double SnubSeconds = 20;

    /// <summary>The time after which it is disconnected, in seconds.</summary>
    private const double DropSeconds = 60;

    /// <summary>The time for which a piece is not requested from a peer that rejected a block without choking us, in seconds.</summary>
    private const double PassOverSeconds = 10;

    private bool _areBlocksRejected;

    /// <summary>Exchanges hashes; null for a v1 torrent.</summary>
    public required HashExchange? Hashes { get; init; }

    /// <summary>Shows pieces, while the torrent super-seeds.</summary>
    public required PieceShowing Showing { get; init; }

    /// <inheritdoc/>
    public SegmentPool Pool => pool;

    /// <inheritdoc/>
    public RateLimiter DownloadLimiterOf(IPAddress address) => limit.Of(address);

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
            peer.State.Window.Resume();
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
        _areBlocksRejected = true; // others are asked when the received bytes are processed
        if (state.IsChokingUs)
        {
            if (!item.IsReleased)
                state.AllowedFast.Remove(piece); // an allowed request may still be rejected
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
    public bool TryFind(Outstanding given, out Outstanding again) => picker.TryFind(given, out again);

    /// <inheritdoc/>
    public void BlockReceived(PeerSession peer, Outstanding item) => assembly.BlockReceived(peer.State, item);

    /// <inheritdoc/>
    public void Wasted(PeerSession peer, int bytes) => counters.ReceivedInVain(bytes);

    /// <summary>Periodic work for a peer.</summary>
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
            // Neither sent nor rejected: the peer has dropped the requests, and its offer is void.
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
        peer.TickRequests(now);
        peer.Tick(now);
        requests.Ask(peer);
    }

    /// <summary>Releases what a silent peer owes, but still accepts it.</summary>
    private void Snub(PeerState peer)
    {
        peer.IsSnubbed = true;
        peer.Window.Snub();
        requests.ReleaseOwed(peer);
    }

    /// <summary>Pieces that a peer rejected without choking us may be requested from it again: it may have been overloaded.</summary>
    private void AskAgainForPassedOver(PeerSession peer)
    {
        int[] pieces = [.. peer.State.PassedOver];
        peer.State.PassedOver.Clear();
        foreach (int piece in pieces)
            picker.PeerHas(peer.State, piece);
        OffersChanged(peer);
    }
}
