using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>The addresses that peers send of others (BEP 11) and of us (BEP 40). Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="publicPort">Returns our external port.</param>
internal sealed class AddressExchange(SwarmRun run, Roster<PeerSession> roster, Func<int> publicPort) : IPeerExchange
{
    private const double Seconds = 1;

    private readonly OwnAddress _ownV4 = new();
    private readonly OwnAddress _ownV6 = new();
    private int _version; // changes with the addresses and flags of the connected peers
    private double _tellAt;

    /// <summary>Whether peer exchange is allowed; not for a private torrent (BEP 27).</summary>
    public bool IsOn { get; set; }

    /// <inheritdoc/>
    public double Now => run.Now;

    /// <summary>The addresses or flags of the connected peers have changed.</summary>
    public void Changed() => _version++;

    /// <inheritdoc/>
    public void PeersExchanged(PeerHandler peer, PeerExchangeMessage message) => roster.Exchange(peer, message);

    /// <summary>Processes what a peer declares about itself and us.</summary>
    public void Heard(PeerSession peer, ExtensionHandshake handshake)
    {
        Changed();
        if (!roster.HasPlace(peer) && peer.ListenEndPoint is { } endPoint)
            Introduce(peer, endPoint);
        if (handshake.YourIP is { } address)
            Recognise(peer.EndPoint.Address, address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
    }

    /// <summary>Records the listening address of an incoming peer: it can be dialled again, and sent to others.</summary>
    private void Introduce(PeerSession peer, IPEndPoint endPoint)
    {
        if (roster.Book.AddComer(endPoint, run.Now) is not { IsBusy: false } candidate)
            return;
        roster.Place(peer, candidate);
    }

    /// <summary>Adds a peer's report of our address. When several agree, canonical priorities can be computed (BEP 40).</summary>
    private void Recognise(IPAddress voter, IPAddress address)
    {
        if ((address.AddressFamily == AddressFamily.InterNetworkV6 ? _ownV6 : _ownV4).Add(voter, address))
            roster.Book.SetPriority(PriorityOf);
    }

    /// <summary>The canonical priority of a connection with an address; 0 while our own is unknown.</summary>
    public uint PriorityOf(IPEndPoint endPoint)
    {
        OwnAddress own = endPoint.AddressFamily == AddressFamily.InterNetworkV6 ? _ownV6 : _ownV4;
        return own.Address is { } address ? CanonicalPriority.Of(new IPEndPoint(address, publicPort()), endPoint) : 0;
    }

    /// <summary>Sends peers the added and dropped ones, each at most once a minute and only if there are any.</summary>
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
