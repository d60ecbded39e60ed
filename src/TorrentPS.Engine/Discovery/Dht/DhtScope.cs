using System.Net;
using System.Net.Sockets;

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

    public bool Contains(IPEndPoint endPoint) => endPoint.Port != 0 && IsUnicast(endPoint.Address) && (AllowsLocal || !IsLocal(endPoint.Address))
        && filter?.Blocks(endPoint.Address) is not true;

    /// <summary>Loopback, private, link-local, shared (RFC 6598) and unique local addresses, and those of benchmarks (RFC 2544).</summary>
    public static bool IsLocal(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out int length))
            return false;
        if (length == 16)
            return address.Equals(IPAddress.IPv6Loopback) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal || address.IsIPv6SiteLocal;
        return bytes[0] switch
        {
            10 or 127 => true,
            100 => (bytes[1] & 0xc0) == 64,
            169 => bytes[1] == 254,
            172 => (bytes[1] & 0xf0) == 16,
            192 => bytes[1] == 168,
            198 => (bytes[1] & 0xfe) == 18,
            _ => false,
        };
    }

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

    private static bool IsUnicast(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return !address.IsIPv6Multicast && !address.IsIPv4MappedToIPv6 && !address.Equals(IPAddress.IPv6Any);
        Span<byte> bytes = stackalloc byte[4];
        return address.TryWriteBytes(bytes, out _) && bytes[0] is not 0 and < 224; // RFC 6890
    }
}
