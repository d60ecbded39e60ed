using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>What peers say of each other (BEP 11) and of our own address (BEP 40). Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="publicPort">The port by which peers in the Internet reach us.</param>
internal sealed class AddressExchange(SwarmRun run, Roster<PeerSession> roster, Func<int> publicPort) : IPeerExchange
{
    private const double Seconds = 1;

    private readonly OwnAddress _ownV4 = new();
    private readonly OwnAddress _ownV6 = new();
    private int _version; // changes whenever what others are told of the connected peers does
    private double _tellAt;

    /// <summary>Whether peers tell each other of others; not those of a private torrent (BEP 27).</summary>
    public bool IsOn { get; set; }

    /// <inheritdoc/>
    public double Now => run.Now;

    /// <summary>What others are told of the connected peers is no longer the same.</summary>
    public void Changed() => _version++;

    /// <inheritdoc/>
    public void PeersExchanged(PeerHandler peer, PeerExchangeMessage message) => roster.Exchange(peer, message);

    /// <summary>Hears what a peer says of itself and of us.</summary>
    public void Heard(PeerSession peer, ExtensionHandshake handshake)
    {
        Changed();
        if (!roster.HasPlace(peer) && peer.ListenEndPoint is { } endPoint)
            Introduce(peer, endPoint);
        if (handshake.YourIP is { } address)
            Recognise(peer.EndPoint.Address, address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
    }

    /// <summary>Notes where a peer that came to us listens: it can be connected to again, and others can be told.</summary>
    private void Introduce(PeerSession peer, IPEndPoint endPoint)
    {
        if (roster.Book.AddComer(endPoint, run.Now) is not { IsBusy: false } candidate)
            return;
        roster.Place(peer, candidate);
    }

    /// <summary>Hears how a peer sees us. From when several agree, the canonical priorities of addresses are known (BEP 40).</summary>
    private void Recognise(IPAddress voter, IPAddress address)
    {
        if ((address.AddressFamily == AddressFamily.InterNetworkV6 ? _ownV6 : _ownV4).Add(voter, address))
            roster.Book.SetPriority(PriorityOf);
    }

    /// <summary>The canonical priority of a connection with an address; 0 while our own is not known.</summary>
    public uint PriorityOf(IPEndPoint endPoint)
    {
        OwnAddress own = endPoint.AddressFamily == AddressFamily.InterNetworkV6 ? _ownV6 : _ownV4;
        return own.Address is { } address ? CanonicalPriority.Of(new IPEndPoint(address, publicPort()), endPoint) : 0;
    }

    /// <summary>Tells peers who came and who went, each at most once a minute and only when there is something to tell.</summary>
    public void Tick(double now)
    {
        if (!IsOn || now < _tellAt)
            return;
        _tellAt = now + Seconds;
        List<ExchangedPeer>? connected = null;
        roster.ForEach(this, (self, peer) =>
        {
            if (peer.Exchange is not { } exchange || !exchange.IsDue(self._version, now))
                return;
            connected ??= self.Connected();
            exchange.Tell(connected, self._version, now);
        });
    }

    private List<ExchangedPeer> Connected()
    {
        List<ExchangedPeer> connected = new(roster.Peers.Length);
        foreach (PeerSession peer in roster.Peers)
        {
            if (peer.ListenEndPoint is { } endPoint)
                connected.Add(new ExchangedPeer(endPoint, peer.ExchangeFlags));
        }

        return connected;
    }
}
