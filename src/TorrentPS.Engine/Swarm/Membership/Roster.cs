using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// The peers of a torrent: which addresses are dialled, which peers are accepted, which of two connections stays, which peers are banned, and how many places an address
/// may have. The same for resolving a magnet link and for a download. Belongs to the torrent's loop.
/// </summary>
/// <typeparam name="TPeer">The type of the torrent's connections.</typeparam>
internal sealed partial class Roster<TPeer>
    where TPeer : class, IRosterPeer
{
    /// <summary>The maximum number of connections with one Internet address.</summary>
    private const int MaxPerAddress = 4;

    private readonly IRosterOwner<TPeer> _owner;
    private readonly SwarmServices _services;
    private readonly byte[] _peerId;
    private readonly int _maxPeers;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly Dictionary<TPeer, PeerCandidate> _places = []; // the address at which each peer can be dialled again

    /// <param name="owner">The torrent.</param>
    /// <param name="services">The services that all torrents of the client share.</param>
    /// <param name="book">The known addresses.</param>
    /// <param name="peerId">Our peer id.</param>
    /// <param name="maxPeers">The number of places.</param>
    /// <param name="stopping">Cancels dialling.</param>
    public Roster(IRosterOwner<TPeer> owner, SwarmServices services, PeerBook book, byte[] peerId, int maxPeers, CancellationToken stopping)
    {
        (_owner, _services, Book, _peerId, _maxPeers, _stopping) = (owner, services, book, peerId, maxPeers, stopping);
        _time = services.Options.TimeProvider;
    }

    public PeerBook Book { get; }

    /// <summary>The connected peers. Replaced, never changed, so that it can be enumerated while peers come and go.</summary>
    public TPeer[] Peers { get; private set; } = [];

    /// <summary>The number of peers that have connected to us.</summary>
    public int Comers { get; private set; }

    /// <summary>The number of addresses found, and of peers that connected to us.</summary>
    public int Seen => Book.Seen + Comers;

    public bool EverConnected { get; private set; }

    /// <summary>Whether every place is taken, or about to be.</summary>
    public bool IsFull => Peers.Length + Connecting >= _maxPeers;

    /// <summary>Reserves one of the client's connections. From any thread.</summary>
    public bool TryReserve(bool isIncoming) => _services.Connector.TryReserve(Peers.Length + Connecting, isIncoming);

    /// <summary>Adds addresses that were found, and connects to some.</summary>
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
        catch (Exception e) // a fault of this program loses these addresses, and nothing else
        {
            _owner.Log($"Addresses that were found are left out by a fault of this program: {e}");
        }
    }

    /// <summary>Adds addresses from a peer (BEP 11), and connects to some.</summary>
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
            _owner.Log($"{_services.Options.Route.Filter?.Name} blocks {blocked} of the addresses that were named");
    }

    /// <summary>Answers the handshake of an incoming peer, for which a connection is reserved.</summary>
    public async Task AnswerAsync(PeerStream stream, Handshake handshake)
    {
        bool isRefused = true;
        try
        {
            if (!_owner.IsStopping && !_owner.IsPaused && !Book.IsBanned(stream.RemoteEndPoint) && !handshake.PeerId.SequenceEqual(_peerId)
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
            // it left before it began
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
    /// Adds a peer; false if it is refused: the same peer has another connection, it is banned, its address has enough connections, or all places are taken. A fault of
    /// this program with it ends its connection, and nothing else.
    /// </summary>
    public bool Join(PeerStream stream, Handshake handshake, PeerCandidate? candidate)
    {
        TPeer? peer = null;
        try
        {
            if (_owner.IsStopping || _owner.IsPaused || Book.IsBanned(stream.RemoteEndPoint, handshake.PeerId) || (candidate is null && Peers.Length >= _maxPeers)
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
    /// Takes over a connection from another roster of the same torrent, for which one of the client's connections is reserved. An incoming one is closed if all places
    /// are taken, because there may be fewer now.
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

    /// <summary>Looks for other connections of the same peer, and closes those that make way; false if the new one must go.</summary>
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

    /// <summary>
    /// Whether an Internet address has the maximum number of connections, including those being made, so that no subscriber can take all places with many ports. Local
    /// peers may share an address.
    /// </summary>
    public bool HasEnoughOf(IPAddress address) => ConnectedOf(address) + DiallingOf(address) >= MaxPerAddress;

    /// <summary>The number of connections with an Internet address.</summary>
    private int ConnectedOf(IPAddress address)
    {
        if (AddressRules.ReachOf(address) != AddressReach.World)
            return 0;
        IPAddress subscriber = AddressRules.SubscriberOf(address);
        return Peers.Count(peer => AddressRules.SubscriberOf(peer.EndPoint.Address).Equals(subscriber));
    }

    /// <summary>Records the address at which a peer can be dialled again.</summary>
    public void Place(TPeer peer, PeerCandidate candidate)
    {
        Book.Connected(candidate);
        _places.Add(peer, candidate);
    }

    /// <summary>Whether an address is known at which a peer can be dialled again.</summary>
    public bool HasPlace(TPeer peer) => _places.ContainsKey(peer);

    /// <summary>The source of a peer's address; null if there is none.</summary>
    public PeerSource? SourceOf(TPeer peer) => _places.GetValueOrDefault(peer)?.Source;

    /// <summary>A connection has ended.</summary>
    /// <param name="peer">The connection.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="isSeed">Whether the peer is complete.</param>
    public void Remove(TPeer peer, PeerClose reason, bool isSeed)
    {
        Peers = Array.FindAll(Peers, other => other != peer);
        _services.Connector.Release();
        if (!_places.Remove(peer, out PeerCandidate? candidate))
            return;
        candidate.IsSeed = isSeed;
        if (reason is PeerClose.DialledAnew or PeerClose.Paused)
            Book.Return(candidate, _owner.Now);
        else if (reason is PeerClose.Duplicate or PeerClose.Replaced or PeerClose.Crowded)
            Book.PutOff(candidate, _owner.Now);
        else if (reason == PeerClose.NothingToDo)
            PeerBook.Spare(candidate);
        else
            Book.Lost(candidate, _owner.Now - peer.ConnectedAt, _owner.Now, reason is PeerClose.Violation or PeerClose.Faulted);
    }

    /// <summary>Does something for each peer.</summary>
    public void ForEach<TState>(TState state, Action<TState, TPeer> action)
    {
        foreach (TPeer peer in Peers)
            Try(peer, state, action);
    }

    /// <summary>Does something for a peer that did not follow from a message of it: a fault of this program ends this connection only.</summary>
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

    /// <summary>All connections were passed on.</summary>
    public void Clear()
    {
        Peers = [];
        _places.Clear();
    }

    /// <summary>Bans a peer that sent bad data: by address and id together, because an id alone can be forged.</summary>
    public void Ban(TPeer peer, string what)
    {
        Book.Ban(peer.EndPoint);
        if (_places.TryGetValue(peer, out PeerCandidate? candidate))
            PeerBook.Drop(candidate); // for an incoming peer, this is another port
        if (!Book.Ban(peer.EndPoint, peer.Handshake.PeerId))
            return; // it has left: more of its data was being verified
        _owner.Log($"Peer {peer.EndPoint} is banned: it sent {what}");
        peer.Close(PeerClose.Banned);
    }
}
