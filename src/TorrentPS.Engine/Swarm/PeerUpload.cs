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
/// <param name="picker">The pieces.</param>
/// <param name="disk">The source of the data.</param>
/// <param name="showing">Selects the pieces shown to peers.</param>
/// <param name="served">Watches the data.</param>
internal sealed class PeerUpload(
    SwarmRun run, Roster<PeerSession> roster, PeerLimit limit, TransferCounters counters, PiecePicker picker, PieceDisk disk, PieceShowing showing, ServedData served) : IPeerUpload
{
    private const int MaxSlots = 16;

    /// <summary>The number of suggested pieces that a peer has not requested yet, while there are slots for all peers.</summary>
    private const int SuggestedAhead = 2;

    /// <summary>The maximum number of networks remembered; beyond it, no more peers are offered pieces.</summary>
    private const int MaxAllowedFastNetworks = 4096;

    private readonly HashSet<IPAddress> _allowedFastNetworks = [];
    private readonly UploadTurns _turns = new(Slots(run.Options, run.Options.UploadLimit), run.Torrent.PieceLength);
    private readonly UploadTurns _localTurns = new(MaxSlots, run.Torrent.PieceLength); // of peers to which the limit does not apply, if there is one
    private readonly List<PeerState> _ended = [];
    private readonly List<PeerState> _begun = [];
    private PeerSession[] _listed = [];
    private bool _isLimited;
    private PeerState[] _counted = [];
    private PeerState[] _notCounted = [];
    private bool _isUpdating;

    /// <inheritdoc/>
    public RateLimiter UploadLimiterOf(IPAddress address) => limit.Of(address);

    /// <inheritdoc/>
    public SuperSeeding? SuperSeeding => showing.SuperSeeding;

    /// <inheritdoc/>
    public BlockReader CreateReader() => new(disk);

    /// <summary>The number of slots that the upload limit supports: below 16 KiB/s each, no peer is served well.</summary>
    private static int Slots(DownloadOptions options, long limit)
    {
        if (options.SharedUploadLimit is { IsLimited: true } shared && (limit == 0 || shared.BytesPerSecond < limit))
            limit = shared.BytesPerSecond;
        return limit == 0 ? MaxSlots : (int)Math.Clamp(limit / (16 * 1024), 2, MaxSlots);
    }

    /// <summary>The torrent's own limit has changed.</summary>
    public void LimitChanged(long limit)
    {
        _turns.MostSlots = Slots(run.Options, limit);
        Update();
    }

    /// <inheritdoc/>
    public int Unsent => _turns.Unsent;

    /// <inheritdoc/>
    public bool IsCrowded(PeerSession peer) => TurnsOf(peer).IsCrowded;

    /// <inheritdoc/>
    public void InterestChanged(PeerSession peer) => Update();

    /// <summary>Periodic work: ends turns that are over.</summary>
    public void Tick(double now)
    {
        double rate = counters.UploadRate;
        _turns.Tick(rate, counters.Uploaded, now);
        _localTurns.Tick(rate, counters.Uploaded, now);
        foreach (PeerSession peer in roster.Peers)
            peer.Connection.Output.LimitUnsent(_turns.Unsent);
        Update();
    }

    /// <summary>Ends turns that are over, and begins others.</summary>
    public void Update()
    {
        if (_isUpdating)
            return;
        _isUpdating = true;
        try
        {
            Update(_turns, States(isCounted: true));
            if (limit.Limiter.IsLimited)
                Update(_localTurns, States(isCounted: false));
        }
        finally
        {
            _isUpdating = false;
        }
    }

    private void Update(UploadTurns turns, PeerState[] peers)
    {
        try
        {
            turns.Update(peers, run.IsComplete, run.Now, _ended, _begun);
            foreach (PeerState peer in _ended)
                Roster<PeerSession>.Try(((ConnectedPeerState)peer).Session, this, static (_, peer) => peer.SendChoke(true));
            foreach (PeerState peer in _begun)
                Roster<PeerSession>.Try(((ConnectedPeerState)peer).Session, this, static (self, peer) => self.Unchoke(peer));
        }
        finally
        {
            _ended.Clear();
            _begun.Clear();
        }
    }

    private void Unchoke(PeerSession peer)
    {
        UploadTurns.Begin(peer.State, run.Now);
        UploadTurns turns = TurnsOf(peer);
        Suggest(peer, turns.IsCrowded ? (int)Math.Min(turns.Quota / run.Torrent.PieceLength, SuggestedPieces.Capacity) : SuggestedAhead);
        if (peer.State.IsChokedByUs)
            peer.SendChoke(false);
        else
            peer.Flush();
    }

    /// <summary>Whether a peer has one of the slots that the limit allows. Without a limit, all share the same slots.</summary>
    private bool IsCounted(PeerSession peer) => !limit.Limiter.IsLimited || limit.Counts(peer.EndPoint.Address);

    private UploadTurns TurnsOf(PeerSession peer) => IsCounted(peer) ? _turns : _localTurns;

    /// <summary>The peers in the order in which they joined. The lists are kept, because in a crowd they are needed with each block that is sent.</summary>
    private PeerState[] States(bool isCounted)
    {
        if (_listed != roster.Peers || _isLimited != limit.Limiter.IsLimited)
        {
            (_listed, _isLimited) = (roster.Peers, limit.Limiter.IsLimited);
            ILookup<bool, PeerState> states = _listed.ToLookup(IsCounted, PeerState (peer) => peer.State);
            (_counted, _notCounted) = ([.. states[true]], [.. states[false]]);
        }

        return isCounted ? _counted : _notCounted;
    }

    /// <summary>Suggests pieces to a peer, so that some are always unrequested; not to a lone peer, which gets all pieces anyway.</summary>
    private void Suggest(PeerSession peer, int ahead)
    {
        if (!peer.IsFast || showing.SuperSeeding is not null || roster.Peers.Length < 2)
            return;
        for (int pending = PieceGuide.Pending(peer.State); pending < ahead; pending++)
        {
            int piece = picker.Guide.Next(peer.State, run.Now);
            if (piece < 0)
                return;
            peer.QueueSuggestion(piece);
        }
    }

    /// <inheritdoc/>
    public void Requested(PeerSession peer, int piece)
    {
        UploadTurns turns = TurnsOf(peer);
        turns.Asked(peer.State, run.Now);
        picker.Guide.Asked(peer.State, piece, run.Now);
        if (!turns.IsCrowded)
            Suggest(peer, SuggestedAhead);
    }

    /// <inheritdoc/>
    public void Refused(PeerSession peer, int piece) => picker.Guide.Refused(peer.State, piece);

    /// <inheritdoc/>
    public bool MayAllowFast(IPAddress address) => _allowedFastNetworks.Count < MaxAllowedFastNetworks && _allowedFastNetworks.Add(AllowedFastSet.NetworkOf(address));

    /// <inheritdoc/>
    public void Uploaded(PeerSession peer, int bytes, int piece)
    {
        double now = run.Now;
        counters.Sent(bytes, now);
        peer.State.Turn.BusyAt = now;
        picker.Guide.Sent(peer.State, piece, now);
        if (TurnsOf(peer).IsCrowded)
            Update();
    }

    /// <inheritdoc/>
    public void Complained(PeerSession peer, int piece)
    {
        run.Log($"Peer {peer.EndPoint} asks again for piece {piece}");
        served.Complain(piece, peer);
    }

    /// <inheritdoc/>
    public void CutShort(PeerSession peer, int piece, TorrentException failure) => served.Unreadable(piece, failure);
}
