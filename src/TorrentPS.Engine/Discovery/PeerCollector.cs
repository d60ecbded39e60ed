using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery;

/// <summary>Gathers the peers of one reply: each address once, none that cannot be a peer, and not more than a limit.</summary>
/// <param name="source">The kind of discovery.</param>
/// <param name="tracker">The tracker, when it is one.</param>
/// <param name="teller">The address that the reply comes from, for which not every address can be a peer; null where that was looked at already.</param>
internal sealed class PeerCollector(PeerSource source, Uri? tracker, IPAddress? teller = null)
{
    /// <summary>Peers in one reply at most; what is beyond is left out.</summary>
    public const int MaxPeers = 2000;

    private readonly HashSet<IPEndPoint> _seen = [];
    private readonly List<DiscoveredPeer> _peers = [];

    public IReadOnlyList<DiscoveredPeer> Peers => _peers;

    /// <summary>Adds compact peers: address and port in network order, one after the other (BEP 23, BEP 7). Bytes left over at the end are ignored.</summary>
    public void AddCompact(ReadOnlySpan<byte> compact, AddressFamily family)
    {
        int addressLength = family == AddressFamily.InterNetworkV6 ? 16 : 4;
        for (; compact.Length >= addressLength + 2 && _peers.Count < MaxPeers; compact = compact[(addressLength + 2)..])
            Add(new IPAddress(compact[..addressLength]), BinaryPrimitives.ReadUInt16BigEndian(compact[addressLength..]), default);
    }

    public void AddRange(IReadOnlyList<DiscoveredPeer> peers)
    {
        foreach (DiscoveredPeer peer in peers)
            Add(peer.EndPoint.Address, peer.EndPoint.Port, peer.PeerId);
    }

    public void Add(IPAddress address, long port, ReadOnlyMemory<byte> peerId)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (_peers.Count >= MaxPeers || port is < 1 or > 65535)
            return;
        var endPoint = new IPEndPoint(address, (int)port);
        if (AddressRules.IsPeer(endPoint) && AddressRules.MayName(teller, address) && _seen.Add(endPoint))
            _peers.Add(new DiscoveredPeer(endPoint, source, tracker, peerId));
    }
}
