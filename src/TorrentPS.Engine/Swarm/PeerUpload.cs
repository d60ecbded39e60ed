using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>Decides which peers are unchoked, and counts what they receive. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="limit">The upload limit.</param>
/// <param name="counters">The transfer counters.</param>
/// <param name="disk">The source of the data.</param>
/// <param name="showing">Selects the pieces shown to peers.</param>
/// <param name="served">Watches the data.</param>
internal sealed class PeerUpload(SwarmRun run, Roster<PeerSession> roster, PeerLimit limit, TransferCounters counters, PieceDisk disk, PieceShowing showing, ServedData served) : IPeerUpload
{
    private const int MaxSlots = 16;

    /// <summary>The maximum number of networks remembered; beyond it, no more peers are offered pieces.</summary>
    private const int MaxAllowedFastNetworks = 4096;

    private readonly HashSet<IPAddress> _allowedFastNetworks = [];
    private readonly Choker _choker = new(Slots(run.Options));
    private readonly Choker _localChoker = new(MaxSlots); // of peers to which the limit does not apply, if there is one
    private double _rechokeAt;

    /// <inheritdoc/>
    public RateLimiter UploadLimiterOf(IPAddress address) => limit.Of(address);

    /// <inheritdoc/>
    public SuperSeeding? SuperSeeding => showing.SuperSeeding;

    /// <inheritdoc/>
    public BlockReader CreateReader() => new(disk);

    /// <summary>The number of slots that the upload limit supports: below 16 KiB/s each, no peer is served well.</summary>
    private static int Slots(DownloadOptions options)
    {
        long limit = options.UploadLimit;
        if (options.SharedUploadLimit is { IsLimited: true } shared && (limit == 0 || shared.BytesPerSecond < limit))
            limit = shared.BytesPerSecond;
        return limit == 0 ? MaxSlots : (int)Math.Clamp(limit / (16 * 1024), 2, MaxSlots);
    }

    /// <inheritdoc/>
    public void InterestChanged(PeerSession peer)
    {
        bool isCounted = IsCounted(peer);
        if (peer.State.IsInterestedInUs && peer.State.IsChokedByUs && ChokerOf(isCounted).HasFreeSlot(States(isCounted)))
            Unchoke(peer);
        else if (!peer.State.IsInterestedInUs)
            FillSlots();
    }

    /// <summary>A slot may be free: the peer that has waited longest need not wait for the next round.</summary>
    public void FillSlots()
    {
        FillSlots(isCounted: true);
        FillSlots(isCounted: false);
    }

    private void FillSlots(bool isCounted)
    {
        while (ChokerOf(isCounted).HasFreeSlot(States(isCounted)) && Choker.Next(States(isCounted)) is ConnectedPeerState { Session: var next })
            Roster<PeerSession>.Try(next, this, static (self, peer) => self.Unchoke(peer));
    }

    /// <summary>Periodic work: chooses anew which peers to unchoke.</summary>
    public void Tick(double now)
    {
        if (now < _rechokeAt)
            return;
        _rechokeAt = now + Choker.RoundSeconds;
        HashSet<PeerState> chosen = _choker.Choose(States(isCounted: true), run.IsComplete, now);
        chosen.UnionWith(_localChoker.Choose(States(isCounted: false), run.IsComplete, now));
        roster.ForEach(this, (self, peer) =>
        {
            if (!chosen.Contains(peer.State))
                peer.SendChoke(true);
            else if (peer.State.IsChokedByUs)
                self.Unchoke(peer);
        });
    }

    private void Unchoke(PeerSession peer)
    {
        Choker.Begin(peer.State, run.Now);
        peer.SendChoke(false);
    }

    /// <summary>Whether a peer has one of the slots that the limit allows. Without a limit, all share the same slots.</summary>
    private bool IsCounted(PeerSession peer) => !limit.Limiter.IsLimited || limit.Counts(peer.EndPoint.Address);

    private Choker ChokerOf(bool isCounted) => isCounted ? _choker : _localChoker;

    private PeerState[] States(bool isCounted) => [.. roster.Peers.Where(peer => IsCounted(peer) == isCounted).Select(peer => peer.State)];

    /// <inheritdoc/>
    public bool MayAllowFast(IPAddress address) => _allowedFastNetworks.Count < MaxAllowedFastNetworks && _allowedFastNetworks.Add(AllowedFastSet.NetworkOf(address));

    /// <inheritdoc/>
    public void Uploaded(PeerSession peer, int bytes) => counters.Sent(bytes, run.Now);

    /// <inheritdoc/>
    public void Complained(PeerSession peer, int piece)
    {
        run.Log($"Peer {peer.EndPoint} asks again for piece {piece}");
        served.Complain(piece, peer);
    }

    /// <inheritdoc/>
    public void CutShort(PeerSession peer, int piece, TorrentException failure) => served.Unreadable(piece, failure);
}
