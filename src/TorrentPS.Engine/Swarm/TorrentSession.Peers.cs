using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Utp;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>Finding, connecting, accepting and losing peers.</content>
internal sealed partial class TorrentSession
{
    /// <summary>A peer gets this long to show what it is good for.</summary>
    private const double CrowdGraceSeconds = 10;

    /// <summary>Connections with one address in the Internet.</summary>
    private const int MaxPerAddress = 4;

    private const int MaxBanned = 10_000;

    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(20);

    private readonly PeerBook _book;
    private readonly Choker _choker;
    private readonly Dictionary<PeerSession, PeerCandidate> _places = []; // where each peer can be connected to again
    private readonly HashSet<(IPAddress Subscriber, string PeerId)> _banned = []; // by both: anybody can say that it is another
    private PeerSession[] _peers = []; // replaced, never changed, so that it can be walked through while peers come and go
    private readonly TaskCompletionSource _connectsEnded = new();
    private int _connecting;
    private int _incomingSeen;
    private bool _everConnected;

    private void AddFound(IReadOnlyList<DiscoveredPeer> peers)
    {
        foreach (DiscoveredPeer peer in peers)
        {
            if (!IsOurs(peer.EndPoint))
                _book.Add(peer.EndPoint, peer.Source, Now);
        }

        ConnectMore();
    }

    private void TellBlocked()
    {
        if (_book.TakeBlocked() is > 0 and int blocked)
            Log($"The IP filter blocks {blocked} of the addresses that were named");
    }

    /// <summary>Whether an address is where we ourselves listen, and nobody else of the same torrent: discoveries name us too.</summary>
    private bool IsOurs(IPEndPoint endPoint) =>
        endPoint.Port == ListenPort && LocalAddresses.Contains(endPoint.Address) && !_services.Incoming.HasOthers(this);

    /// <summary>Connects to the next addresses, as many as there is room for and as the pace allows.</summary>
    private void ConnectMore()
    {
        PeerConnector connector = _services.Connector;
        while (!_isStopping && _peers.Length + _connecting < _options.MaxPeers && TryReserveConnection(isIncoming: false))
        {
            if (!_services.Pace.TryTake())
            {
                connector.Release();
                return;
            }

            if (_book.Take(Now) is not { } candidate)
            {
                _services.Pace.GiveBack();
                connector.Release();
                return;
            }

            _connecting++;
            _ = ConnectAsync(candidate);
        }
    }

    private async Task ConnectAsync(PeerCandidate candidate, PeerTransport? over = null)
    {
        UtpHost? utp = _services.Incoming.UtpOf(this);
        PeerTransport transport = over ?? (utp is not null && candidate.TriesUtp ? PeerTransport.Utp : Transport);
        HandshakeOutcome outcome;
        using (var limit = new CancellationTokenSource(s_handshakeLimit, _time))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token))
        {
            outcome = await PeerDialer.DialAsync(
                token => _services.Connector.ConnectAsync(candidate.EndPoint, transport, utp, s_connectLimit, _time, token),
                WireHashes.For(candidate), _peerId, Encryption, DhtPort > 0, either.Token, candidate.Flags.HasFlag(PeerExchangeFlags.PrefersEncryption), WireHashes.V2);
        }

        if (--_connecting == 0 && _isStopping)
            _connectsEnded.TrySetResult();
        if (outcome is { Stream: { } stream, Handshake: { } handshake })
        {
            if (!Join(stream, handshake, candidate))
                _book.PutOff(candidate, Now);
            return;
        }

        _services.Connector.Release();
        if (outcome.Status == PeerHandshakeStatus.SelfConnection)
            PeerBook.Drop(candidate);
        else
            Failed(candidate, outcome.Status);
        if (!_isStopping)
            Log($"Peer {candidate.EndPoint}: {outcome.Status}{(outcome.Error is null ? "" : $" ({outcome.Error})")}");
    }

    private void Failed(PeerCandidate candidate, PeerHandshakeStatus status)
    {
        candidate.TriesUtp = status == PeerHandshakeStatus.Closed && !candidate.TriesUtp;
        // Who answers by another hash, or closes it over both transports, may know the torrent only by its other.
        if (WireHashes.IsHybrid && (status == PeerHandshakeStatus.WrongInfoHash || (status == PeerHandshakeStatus.Closed && !candidate.TriesUtp)))
            candidate.PrefersV2 = !candidate.PrefersV2;
        AskForHole(candidate, status);
        _book.Failed(candidate, Now);
    }

    /// <summary>Takes one of the client's connections. From any thread.</summary>
    public bool TryReserveConnection(bool isIncoming) => _services.Connector.TryReserve(_peers.Length + _connecting, isIncoming);

    /// <summary>Takes over a connection that a peer made, of which one place of the client's is reserved. From any thread.</summary>
    public void Accept(PeerStream stream, Handshake handshake) => _loop.Enqueue(_ => _ = AnswerAsync(stream, handshake), null);

    private async Task AnswerAsync(PeerStream stream, Handshake handshake)
    {
        bool refused = _isStopping || _book.IsBanned(stream.RemoteEndPoint) || handshake.PeerId.SequenceEqual(_peerId)
            || HasEnoughOf(stream.RemoteEndPoint.Address) || (_peers.Length >= _options.MaxPeers && !MakeRoomFor(stream.RemoteEndPoint));
        if (!refused)
        {
            try
            {
                byte[] own = new byte[Handshake.Length];
                Handshake.Write(own, WireHashes.AnswerTo(handshake).Span, _peerId, DhtPort > 0, supportsV2: !WireHashes.V2.IsEmpty);
                await stream.SendAsync(own, _stopping.Token);
                _incomingSeen++;
                Join(stream, handshake, null);
                return;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // gone before it began
            }
        }

        stream.Dispose();
        _services.Connector.Release();
    }

    /// <summary>Begins a session; false when there is one with this peer already, which then stays, or the peer is banned.</summary>
    private bool Join(PeerStream stream, Handshake handshake, PeerCandidate? candidate)
    {
        bool isWelcome = !_isStopping && !_banned.Contains(Identity(stream.RemoteEndPoint, handshake)) && !HasEnoughOf(stream.RemoteEndPoint.Address);
        if (isWelcome && Array.Find(_peers, peer => peer.Handshake.PeerId.SequenceEqual(handshake.PeerId)) is { } twin)
        {
            isWelcome = TwinConnections.KeepsNew(_peerId, handshake.PeerId, stream.IsOutgoing, twin.IsOutgoing, Now - twin.ConnectedAt);
            if (isWelcome)
                twin.Close(PeerClose.Duplicate);
        }

        if (!isWelcome)
        {
            stream.Dispose();
            _services.Connector.Release();
            return false;
        }

        var peer = new PeerSession(this, stream, handshake, _torrent.PieceCount) { IsV2 = WireHashes.IsV2(handshake, stream.IsOutgoing) };
        _peers = [.. _peers, peer];
        _everConnected = true;
        _connectedVersion++;
        if (candidate is not null)
        {
            _book.Connected(candidate);
            _places.Add(peer, candidate);
        }

        SuperSeeding?.Join(peer.State, Now);
        _ = peer.RunAsync(); // may end at once, and then is no longer among the peers
        Log($"Peer {peer.EndPoint} connected: {peer.Client}");
        return true;
    }

    private static (IPAddress Subscriber, string PeerId) Identity(IPEndPoint endPoint, Handshake handshake) =>
        (AddressRules.SubscriberOf(endPoint.Address), Convert.ToHexString(handshake.PeerId));

    /// <summary>Whether an address in the Internet has as many connections as it may: nobody gets all places by making many. Near by, many may share an address.</summary>
    private bool HasEnoughOf(IPAddress address)
    {
        if (AddressRules.ReachOf(address) != AddressReach.World)
            return false;
        IPAddress subscriber = AddressRules.SubscriberOf(address);
        return _peers.Count(peer => AddressRules.SubscriberOf(peer.EndPoint.Address).Equals(subscriber)) >= MaxPerAddress;
    }

    public void Closed(PeerSession peer, PeerClose reason)
    {
        _peers = Array.FindAll(_peers, other => other != peer);
        _connectedVersion++;
        _services.Connector.Release();
        SuperSeeding?.Leave(peer.State);
        ReleaseAll(peer.State);
        _picker.RemovePeer(peer.State);
        if (_places.Remove(peer, out PeerCandidate? candidate))
        {
            candidate.IsSeed = peer.IsSeed;
            if (reason is PeerClose.Duplicate or PeerClose.Replaced or PeerClose.Crowded)
                _book.PutOff(candidate, Now);
            else if (reason == PeerClose.NothingToDo)
                PeerBook.Drop(candidate);
            else
                _book.Lost(candidate, Now - peer.ConnectedAt, Now, reason == PeerClose.Violation);
        }

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

    public void Violated(PeerSession peer, string what) => Log($"Peer {peer.EndPoint} broke the protocol: {what}");

    /// <summary>Closes the least useful connection when other torrents have fewer than their share because of ours.</summary>
    private void MakeRoom()
    {
        if (!_services.Connector.IsCrowded || _peers.Length <= _services.Connector.FairShare)
            return;
        PeerSession? least = null;
        foreach (PeerSession peer in _peers)
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
        _book.Ban(peer.EndPoint);
        if (peer.Session is not { } session)
            return;
        if (_places.TryGetValue(session, out PeerCandidate? candidate))
            PeerBook.Drop(candidate); // of one that came to us it is another port
        if (_banned.Count < MaxBanned && !_banned.Add(Identity(session.EndPoint, session.Handshake)))
            return; // another of its pieces was being verified meanwhile
        Log($"Peer {peer.EndPoint} is banned: it sent bad data");
        session.Close(PeerClose.Banned);
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
        while (_choker.HasFreeSlot(States()) && Choker.Next(States()) is { Session: { } next })
            Unchoke(next);
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
        foreach (PeerSession peer in _peers)
        {
            if (!chosen.Contains(peer.State))
                peer.SendChoke(true);
            else if (peer.State.IsChokedByUs)
                Unchoke(peer);
        }
    }

    private PeerState[] States() => Array.ConvertAll(_peers, peer => peer.State);

    private bool ReachedNobody => !_everConnected && _discoveries is not { AnyAnswered: true };
}
