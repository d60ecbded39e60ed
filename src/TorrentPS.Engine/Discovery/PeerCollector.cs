using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery;

/// <summary>Gathers the peers of one reply: each address once, none that cannot be a peer, and not more than a limit.</summary>
internal sealed class PeerCollector(PeerSource source, Uri? tracker)
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
        if (_peers.Count >= MaxPeers || port is < 1 or > 65535 || !CanBePeer(address))
            return;
        var endPoint = new IPEndPoint(address, (int)port);
        if (_seen.Add(endPoint))
            _peers.Add(new DiscoveredPeer(endPoint, source, tracker, peerId));
    }

    private static bool CanBePeer(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return !address.IsIPv6Multicast && !address.Equals(IPAddress.IPv6Any);
        Span<byte> bytes = stackalloc byte[4];
        // 0.0.0.0/8 is "this network", 224.0.0.0/4 multicast, 240.0.0.0/4 reserved with the broadcast address in it (RFC 6890).
        return address.TryWriteBytes(bytes, out _) && bytes[0] is not 0 and < 224;
    }
}
