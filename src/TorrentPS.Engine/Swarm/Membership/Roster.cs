using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// The peers of a torrent: which addresses are dialled, which peers are let in, which of two connections stays, which peers are banned, and how many places one address may have. The same for a
/// magnet link that is resolved and for a download. Belongs to the torrent's loop.
/// </summary>
/// <typeparam name="TPeer">The torrent's connections.</typeparam>
internal sealed partial class Roster<TPeer>
    where TPeer : class, IRosterPeer
{
    /// <summary>Connections with one address in the Internet.</summary>
    private const int MaxPerAddress = 4;

    private readonly IRosterOwner<TPeer> _owner;
    private readonly SwarmServices _services;
    private readonly byte[] _peerId;
    private readonly int _maxPeers;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly Dictionary<TPeer, PeerCandidate> _places = []; // where each peer can be connected to again

    /// <param name="owner">The torrent.</param>
    /// <param name="services">What all torrents of the client share.</param>
    /// <param name="book">The addresses that are known.</param>
    /// <param name="peerId">Our peer id.</param>
    /// <param name="maxPeers">Places.</param>
    /// <param name="stopping">Ends dialling.</param>
    public Roster(IRosterOwner<TPeer> owner, SwarmServices services, PeerBook book, byte[] peerId, int maxPeers, CancellationToken stopping)
    {
        (_owner, _services, Book, _peerId, _maxPeers, _stopping) = (owner, services, book, peerId, maxPeers, stopping);
        _time = services.Options.TimeProvider;
    }

    public PeerBook Book { get; }

    /// <summary>Those connected. Replaced, never changed, so that it can be walked through while peers come and go.</summary>
    public TPeer[] Peers { get; private set; } = [];

    /// <summary>How many have connected to us.</summary>
    public int Comers { get; private set; }

    /// <summary>Addresses heard of, and peers that came by themselves.</summary>
    public int Seen => Book.Seen + Comers;

    public bool EverConnected { get; private set; }

    /// <summary>Whether every place is taken, or about to be.</summary>
    public bool IsFull => Peers.Length + Connecting >= _maxPeers;

    /// <summary>Takes one of the client's connections. From any thread.</summary>
    public bool TryReserve(bool isIncoming) => _services.Connector.TryReserve(Peers.Length + Connecting, isIncoming);

    /// <summary>Notes addresses that were found, and connects to some.</summary>
    public void Add(IReadOnlyList<DiscoveredPeer> peers)
    {
        if (_owner.IsStopping)
            return;
        try
        {
            foreach (DiscoveredPeer peer in peers)
            {
                if (!IsOurs(peer.EndPoint))
                    Book.Add(peer.EndPoint, peer.Source, _owner.Now);
            }

            ConnectMore();
        }
        catch (Exception e) // a fault of this program costs these addresses, and nothing else
        {
            _owner.Log($"Addresses that were found are left out by a fault of this program: {e}");
        }
    }

    /// <summary>Notes addresses that a peer names (BEP 11), and connects to some.</summary>
    public void Exchange(IRosterPeer peer, PeerExchangeMessage message)
    {
        peer.Teller ??= Book.TellerAt(peer.EndPoint);
        int taken = Book.Exchange(peer.EndPoint, message, peer.Teller, IsOurs, _owner.Now);
        if (taken == 0)
            return;
        _owner.Log($"Peer {peer.EndPoint} sent {CountText.Of(message.Added.Count, "peer")}, {taken} new");
        ConnectMore();
    }

    /// <summary>Whether an address is our own, and no other client with the torrent shares it: discovery sources also return our address.</summary>
    public bool IsOurs(IPEndPoint endPoint) =>
        endPoint.Port == _owner.ListenPort && LocalAddresses.Contains(endPoint.Address) && !_services.Incoming.HasOthers(_owner);

    public void TellBlocked()
    {
        if (Book.TakeBlocked() is > 0 and int blocked)
            _owner.Log($"The IP filter blocks {blocked} of the addresses that were named");
    }

    /// <summary>Answers the handshake of a peer that has connected to us, of whose connections one is reserved.</summary>
    public async Task AnswerAsync(PeerStream stream, Handshake handshake)
    {
        bool isRefused = true;
        try
        {
            if (!_owner.IsStopping && !Book.IsBanned(stream.RemoteEndPoint) && !handshake.PeerId.SequenceEqual(_peerId)
                && !HasEnoughOf(stream.RemoteEndPoint.Address) && (Peers.Length < _maxPeers || _owner.MakeRoomFor(stream.RemoteEndPoint)))
            {
                byte[] own = new byte[Handshake.Length];
                Handshake.Write(own, _owner.WireHashes.AnswerTo(handshake).Span, _peerId, _owner.HasDht, supportsV2: !_owner.WireHashes.V2.IsEmpty);
                await stream.SendAsync(own, _stopping);
                isRefused = false;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // gone before it began
        }
        catch (Exception e)
        {
            TellFault(stream.RemoteEndPoint, e);
        }

        if (isRefused)
        {
            Refuse(stream);
            return;
        }

        Comers++;
        Join(stream, handshake, null);
    }

    private void Refuse(PeerStream stream)
    {
        stream.Dispose();
        _services.Connector.Release();
    }

    /// <summary>
    /// Begins with a peer; false when it is refused: there is another connection that is the same peer's, the peer is banned, its address has enough, or all places are
    /// taken. A fault of this program with it costs it, and nothing else.
    /// </summary>
    public bool Join(PeerStream stream, Handshake handshake, PeerCandidate? candidate)
    {
        TPeer? peer = null;
        try
        {
            if (_owner.IsStopping || Book.IsBanned(stream.RemoteEndPoint, handshake.PeerId) || (candidate is null && Peers.Length >= _maxPeers)
                || !OutdoesTwins(stream, handshake) || ConnectedOf(stream.RemoteEndPoint.Address) >= MaxPerAddress)
            {
                Refuse(stream);
                return false;
            }

            WireHashes hashes = stream.IsOutgoing ? _owner.Dialled : _owner.WireHashes;
            peer = _owner.Create(stream, handshake, candidate, hashes.IsV2(handshake, stream.IsOutgoing));
            Seat(peer, candidate);
            return true;
        }
        catch (Exception e)
        {
            if (peer is not null)
            {
                peer.Fault(e);
                return true;
            }

            TellFault(stream.RemoteEndPoint, e);
            Refuse(stream);
            return false;
        }
    }

    /// <summary>
    /// Goes on with a connection that another roster of the same torrent has had, of which one place of the client's is reserved. It is closed when the peer came to us and all places are
    /// taken, of which there may be fewer now.
    /// </summary>
    public void TakeOver(TPeer peer, PeerCandidate? candidate)
    {
        try
        {
            bool isTooMany = candidate is null && Peers.Length >= _maxPeers;
            Seat(peer, candidate);
            if (isTooMany)
                peer.Close(PeerClose.Replaced);
        }
        catch (Exception e)
        {
            peer.Fault(e);
        }
    }

    private void Seat(TPeer peer, PeerCandidate? candidate)
    {
        Peers = [.. Peers, peer];
        EverConnected = true;
        if (candidate is not null)
            Place(peer, candidate);
        _owner.Begin(peer);
    }

    /// <summary>Looks for others that are the same peer as one that comes, and closes those that make way for it; false when it is the one to go.</summary>
    private bool OutdoesTwins(PeerStream stream, Handshake handshake)
    {
        foreach (TPeer peer in Peers)
        {
            if (!peer.Handshake.PeerId.SequenceEqual(handshake.PeerId) || !TwinConnections.AreOnePeers(peer.EndPoint.Address, stream.RemoteEndPoint.Address))
                continue;
            if (!TwinConnections.KeepsNew(_peerId, handshake.PeerId, stream.IsOutgoing, peer.IsOutgoing, _owner.Now - peer.ConnectedAt))
                return false;
            peer.Close(PeerClose.Duplicate);
        }

        return true;
    }

    /// <summary>Whether an address in the Internet has as many connections as it may, including those being made, so that no subscriber can take all places with many ports. Local peers may share an address.</summary>
    public bool HasEnoughOf(IPAddress address) => ConnectedOf(address) + DiallingOf(address) >= MaxPerAddress;

    /// <summary>The connections with an address in the Internet.</summary>
    private int ConnectedOf(IPAddress address)
    {
        if (AddressRules.ReachOf(address) != AddressReach.World)
            return 0;
        IPAddress subscriber = AddressRules.SubscriberOf(address);
        return Peers.Count(peer => AddressRules.SubscriberOf(peer.EndPoint.Address).Equals(subscriber));
    }

    /// <summary>Notes where a peer can be connected to again.</summary>
    public void Place(TPeer peer, PeerCandidate candidate)
    {
        Book.Connected(candidate);
        _places.Add(peer, candidate);
    }

    /// <summary>Whether it is known where a peer can be connected to again.</summary>
    public bool HasPlace(TPeer peer) => _places.ContainsKey(peer);

    /// <summary>A connection has ended.</summary>
    /// <param name="peer">It.</param>
    /// <param name="reason">Why.</param>
    /// <param name="isSeed">Whether the peer has everything.</param>
    public void Remove(TPeer peer, PeerClose reason, bool isSeed)
    {
        Peers = Array.FindAll(Peers, other => other != peer);
        _services.Connector.Release();
        if (!_places.Remove(peer, out PeerCandidate? candidate))
            return;
        candidate.IsSeed = isSeed;
        if (reason == PeerClose.DialledAnew)
            Book.Return(candidate, _owner.Now);
        else if (reason is PeerClose.Duplicate or PeerClose.Replaced or PeerClose.Crowded)
            Book.PutOff(candidate, _owner.Now);
        else if (reason == PeerClose.NothingToDo)
            PeerBook.Drop(candidate);
        else
            Book.Lost(candidate, _owner.Now - peer.ConnectedAt, _owner.Now, reason is PeerClose.Violation or PeerClose.Faulted);
    }

    /// <summary>Does something with each peer.</summary>
    public void ForEach<TState>(TState state, Action<TState, TPeer> action)
    {
        foreach (TPeer peer in Peers)
            Try(peer, state, action);
    }

    /// <summary>Does something with a peer that it has not brought about itself by a message: what it brings out costs this peer, and nobody who is handled with it.</summary>
    public static void Try<TState>(TPeer peer, TState state, Action<TState, TPeer> action)
    {
        try
        {
            action(state, peer);
        }
        catch (Exception e)
        {
            peer.Fault(e);
        }
    }

    /// <summary>All connections were given away.</summary>
    public void Clear()
    {
        Peers = [];
        _places.Clear();
    }

    /// <summary>Leaves alone one that gave what is not of this torrent: by its address and its id together, since anybody can say that it is another.</summary>
    public void Ban(TPeer peer, string what)
    {
        Book.Ban(peer.EndPoint);
        if (_places.TryGetValue(peer, out PeerCandidate? candidate))
            PeerBook.Drop(candidate); // of one that came to us it is another port
        if (!Book.Ban(peer.EndPoint, peer.Handshake.PeerId))
            return; // it is gone: more of its data was being verified
        _owner.Log($"Peer {peer.EndPoint} is banned: it sent {what}");
        peer.Close(PeerClose.Banned);
    }
}
