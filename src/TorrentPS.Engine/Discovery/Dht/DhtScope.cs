using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// Which addresses a node has to do with. One that talks to the Internet has nothing to do with local addresses: they are a mistake or an attack
/// on the own network. A private DHT (in a LAN, or a test on loopback) is nothing but those.
/// </summary>
/// <param name="filter">The addresses that the user blocks; null blocks none.</param>
internal sealed class DhtScope(IPFilter? filter = null)
{
    /// <summary>Whether local addresses are dealt with as well: when one that a node bootstraps from is such.</summary>
    public bool AllowsLocal { get; private set; }

    /// <summary>Takes note of an address that the user has named.</summary>
    public void Include(IPAddress address) => AllowsLocal |= IsLocal(address);

    public bool Contains(IPEndPoint endPoint) => AddressRules.IsPeer(endPoint) && !endPoint.Address.IsIPv4MappedToIPv6 && (AllowsLocal || !IsLocal(endPoint.Address))
        && filter?.Blocks(endPoint.Address) is not true;

    /// <summary>Whether an address is of this machine or of a network of somebody's own.</summary>
    public static bool IsLocal(IPAddress address) => AddressRules.ReachOf(address) != AddressReach.World;

    /// <summary>Whether two addresses are likely to be one owner's: the same /24, or /64 of IPv6.</summary>
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
