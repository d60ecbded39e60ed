using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// The addresses that a node communicates with. A node in the Internet ignores local addresses: they are a mistake or an attack on the local network. A private DHT (in a
/// LAN, or a test on loopback) has only those.
/// </summary>
/// <param name="filter">The user's IP filter; null for none.</param>
internal sealed class DhtScope(IPFilter? filter = null)
{
    /// <summary>Whether local addresses are allowed: if a bootstrap node is local.</summary>
    public bool AllowsLocal { get; private set; }

    /// <summary>Considers an address that the user has given.</summary>
    public void Include(IPAddress address) => AllowsLocal |= IsLocal(address);

    public bool Contains(IPEndPoint endPoint) => AddressRules.IsPeer(endPoint) && !endPoint.Address.IsIPv4MappedToIPv6 && (AllowsLocal || !IsLocal(endPoint.Address))
        && filter?.Blocks(endPoint.Address) is not true;

    /// <summary>Whether an address is on this machine or in a private network.</summary>
    public static bool IsLocal(IPAddress address) => AddressRules.ReachOf(address) != AddressReach.World;

    /// <summary>Whether two addresses probably have the same owner: the same /24, or /64 for IPv6.</summary>
    public static bool AreNeighbours(IPAddress left, IPAddress right) => NetworkOf(left) == NetworkOf(right) && left.AddressFamily == right.AddressFamily;

    /// <summary>The first 24 bits of an IPv4 address, 64 of an IPv6 address.</summary>
    public static ulong NetworkOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        ulong network = 0;
        for (int i = 0; i < (length == 16 ? 8 : 3); i++)
            network = network << 8 | bytes[i];
        return network;
    }
}
