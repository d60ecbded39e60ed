using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery;

/// <summary>Collects the peers of one reply, without duplicates and impossible addresses, up to a limit.</summary>
/// <param name="source">The kind of discovery source.</param>
/// <param name="tracker">The tracker, if it is one.</param>
/// <param name="teller">The address of the source, which may not name every address; null if that was checked before.</param>
internal sealed class PeerCollector(PeerSource source, Uri? tracker, IPAddress? teller = null)
{
    /// <summary>The maximum number of peers in one reply; more are ignored.</summary>
    public const int MaxPeers = 2000;

    private readonly HashSet<IPEndPoint> _seen = [];
    private readonly List<DiscoveredPeer> _peers = [];

    public IReadOnlyList<DiscoveredPeer> Peers => _peers;

    /// <summary>Adds compact peers: consecutive addresses and ports in network order (BEP 23, BEP 7). Extra bytes at the end are ignored.</summary>
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
