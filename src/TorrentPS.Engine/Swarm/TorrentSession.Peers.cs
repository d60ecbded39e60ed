using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>Finding, connecting, accepting and losing peers.</content>
internal sealed partial class TorrentSession
{
    /// <summary>Networks that are remembered; beyond so many peers none is allowed pieces.</summary>
    private const int MaxAllowedFastNetworks = 4096;

    private readonly HashSet<IPAddress> _allowedFastNetworks = [];

    /// <summary>A peer gets this long to show what it is good for.</summary>
    private const double CrowdGraceSeconds = 10;

    private readonly Roster<PeerSession> _roster;
    private readonly Choker _choker;

    private PeerSession[] Peers => _roster.Peers;

    bool IRosterOwner<PeerSession>.IsStopping => _isStopping;

    bool IRosterOwner<PeerSession>.HasDht => DhtPort > 0;

    WireHashes IRosterOwner<PeerSession>.Dialled => WireHashes;

    /// <summary>Takes one of the client's connections. From any thread.</summary>
    public bool TryReserveConnection(bool isIncoming) => _roster.TryReserve(isIncoming);

    /// <summary>Takes over a connection that a peer made, of which one place of the client's is reserved. From any thread.</summary>
    public void Accept(PeerStream stream, Handshake handshake) => _loop.Enqueue(_ => _ = _roster.AnswerAsync(stream, handshake), null);

    PeerSession IRosterOwner<PeerSession>.Create(PeerStream stream, Handshake handshake, PeerCandidate? candidate, bool isV2) =>
        new(this, stream, handshake, _torrent.PieceCount) { IsV2 = isV2 };

    void IRosterOwner<PeerSession>.Begin(PeerSession peer)
    {
        _connectedVersion++;
        SuperSeeding?.Join(peer.State, Now);
        _ = peer.RunAsync(); // may end at once, and then is no longer among the peers
        Log($"Peer {peer.EndPoint} connected: {peer.Client}");
    }

    void IRosterOwner<PeerSession>.Unreached(PeerCandidate candidate, PeerHandshakeStatus status) => AskForHole(candidate, status);

    void IRosterOwner<PeerSession>.Log(string message) => Log(message);

    public void Closed(PeerSession peer, PeerClose reason)
    {
        _roster.Remove(peer, reason, peer.IsSeed);
        _connectedVersion++;
        SuperSeeding?.Leave(peer.State);
        ReleaseAll(peer.State);
        if (reason == PeerClose.Faulted)
            Recover(peer.State);
        _picker.RemovePeer(peer.State);
        if (_isStopping)
            return;
        Log($"Peer {peer.EndPoint} closed: {reason}");
        if (reason == PeerClose.Lost)
            ComplainOfLast(peer);
        DisownHashes(peer);
        FillSlots();
        AskAll();
    }

    public void DhtPortReceived(PeerSession peer, int port)
    {
        if (DhtPort > 0)
            _dht!.Ping(new IPEndPoint(peer.EndPoint.Address, port));
    }

    public void Faulted(PeerSession peer, Exception fault) => Log($"Peer {peer.EndPoint} is closed by a fault of this program: {fault}");

    /// <summary>Does something with each peer.</summary>
    private void ForEach(Action<TorrentSession, PeerSession> action)
    {
        foreach (PeerSession peer in Peers)
            Try(peer, action);
    }

    /// <summary>Does something with a peer that it has not brought about itself by a message: what it brings out costs this peer, and nobody who is handled with it.</summary>
    private void Try(PeerSession peer, Action<TorrentSession, PeerSession> action)
    {
        try
        {
            action(this, peer);
        }
        catch (Exception e)
        {
            peer.Fault(e);
        }
    }

    /// <summary>A fault cut short what a peer's message changes: what it is still noted for is free again, and what was about to go to the disk goes there.</summary>
    private void Recover(PeerState peer)
    {
        _picker.ReleaseAllOf(peer);
        foreach (OpenPiece piece in _picker.Open.ToArray())
            Advance(piece);
    }

    public void Violated(PeerSession peer, string what) => Log($"Peer {peer.EndPoint} broke the protocol: {what}");

    /// <summary>Closes the least useful connection when other torrents have fewer than their share because of ours.</summary>
    private void MakeRoom()
    {
        if (!_services.Connector.IsCrowded || Peers.Length <= _services.Connector.FairShare)
            return;
        PeerSession? least = null;
        foreach (PeerSession peer in Peers)
        {
            if (Now - peer.ConnectedAt > CrowdGraceSeconds && (least is null || Usefulness(peer.State) < Usefulness(least.State)))
                least = peer;
        }

        least?.Close(PeerClose.Crowded);
    }

    private double Usefulness(PeerState peer) =>
        peer.Rate + peer.UploadRate.PerSecond(Now) + (peer.Interesting > 0 || peer.IsInterestedInUs ? 1 : 0);

    /// <summary>A peer has sent bad data.</summary>
    private void Ban(PeerState peer)
    {
        if (_webSeeds?.Ban(peer) == true)
            return;
        if (peer is ConnectedPeerState { Session: var session })
            _roster.Ban(session, "bad data");
    }

    public void InterestChanged(PeerSession peer)
    {
        if (peer.State.IsInterestedInUs && peer.State.IsChokedByUs && _choker.HasFreeSlot(States()))
            Unchoke(peer);
        else if (!peer.State.IsInterestedInUs)
            FillSlots();
    }

    /// <summary>A slot may have become free: the one that has waited longest need not wait for the next round.</summary>
    private void FillSlots()
    {
        while (_choker.HasFreeSlot(States()) && Choker.Next(States()) is ConnectedPeerState { Session: var next })
            Try(next, static (session, peer) => session.Unchoke(peer));
    }

    private void Unchoke(PeerSession peer)
    {
        Choker.Begin(peer.State, Now);
        peer.SendChoke(false);
    }

    /// <summary>Chooses anew whom to send to.</summary>
    private void Rechoke()
    {
        HashSet<PeerState> chosen = _choker.Choose(States(), IsComplete, Now);
        ForEach((session, peer) =>
        {
            if (!chosen.Contains(peer.State))
                peer.SendChoke(true);
            else if (peer.State.IsChokedByUs)
                session.Unchoke(peer);
        });
    }

    private PeerState[] States() => Array.ConvertAll(Peers, peer => peer.State);

    private bool ReachedNobody => !_roster.EverConnected && _discoveries is not { AnyAnswered: true };

    public bool MayAllowFast(IPAddress address) => _allowedFastNetworks.Count < MaxAllowedFastNetworks && _allowedFastNetworks.Add(AllowedFastSet.NetworkOf(address));
}
