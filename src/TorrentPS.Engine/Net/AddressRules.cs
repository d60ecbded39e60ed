using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>Classifies addresses, and decides which sources may name which.</summary>
internal static class AddressRules
{
    /// <summary>The reach of an address; an address that leads to IPv4 addresses has the reach of the nearest of these.</summary>
    public static AddressReach ReachOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        if (length == 4)
            return ReachOf(bytes[..4]);
        AddressReach reach = ReachOfIPv6(address);
        if (reach == AddressReach.Machine)
            return reach;
        Span<byte> inner = stackalloc byte[MaxInner * 4];
        int count = Inner(bytes, inner);
        for (int i = 0; i < count; i++)
        {
            AddressReach one = ReachOf(inner.Slice(4 * i, 4));
            if (one < reach)
                reach = one;
        }
        return reach;
    }

    /// <summary>
    /// The reach of an address from which something came. Unlike a target, an IPv6 address that leads to an IPv4 address is not judged as that one: the address of a
    /// tunnel contains what its user likes, so it would be nearer than it is.
    /// </summary>
    public static AddressReach ReachOfSource(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetwork ? ReachOf(address) : ReachOfIPv6(address);
    }

    private static AddressReach ReachOfIPv6(IPAddress address) =>
        address.Equals(IPAddress.IPv6Loopback) || address.Equals(IPAddress.IPv6Any) ? AddressReach.Machine
        : address.IsIPv6LinkLocal ? AddressReach.Link
        : address.IsIPv6UniqueLocal || address.IsIPv6SiteLocal ? AddressReach.Site
        : AddressReach.World;

    /// <summary>
    /// Whether an address is in the local network: on the same link, or in private, shared or unique local address space. Addresses of this machine are not: traffic to
    /// them reaches no network, or continues through a tunnel, which its user may want to limit.
    /// </summary>
    public static bool IsInLocalNetwork(IPAddress address) => ReachOfSource(address) is AddressReach.Link or AddressReach.Site;

    private static AddressReach ReachOf(ReadOnlySpan<byte> v4) => v4[0] switch
    {
        0 or 127 => AddressReach.Machine, // connections to 0.0.0.0 reach this machine
        10 => AddressReach.Site,
        100 when (v4[1] & 0xc0) == 64 => AddressReach.Site,
        169 when v4[1] == 254 => AddressReach.Link,
        172 when (v4[1] & 0xf0) == 16 => AddressReach.Site,
        192 when v4[1] == 168 => AddressReach.Site,
        _ => AddressReach.World,
    };

    private const int MaxInner = 3;

    /// <summary>Finds the IPv4 addresses that an IPv6 address leads to, and returns their number.</summary>
    private static int Inner(ReadOnlySpan<byte> v6, Span<byte> inner)
    {
        ReadOnlySpan<byte> last = v6[12..];
        // Mapped (RFC 4291, 2.5.5.2), compatible (2.5.5.1), translated (RFC 2765), and with the well-known prefix (RFC 6052).
        if (!v6[..8].ContainsAnyExcept((byte)0) && (v6[8..12] is [0, 0, 0, 0] or [0, 0, 0xff, 0xff] or [0xff, 0xff, 0, 0])
            || v6[..12] is [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])
            return Take(inner, last);
        // 6to4 (RFC 3056).
        if (v6 is [0x20, 0x02, ..])
            return Take(inner, v6[2..6]);
        // Teredo (RFC 4380): the server's address, and the client's with every bit inverted.
        if (v6 is [0x20, 0x01, 0, 0, ..])
            return Take(inner, [v6[4], v6[5], v6[6], v6[7], (byte)~last[0], (byte)~last[1], (byte)~last[2], (byte)~last[3]]);
        if (v6 is not [0, 0x64, 0xff, 0x9b, 0, 1, ..])
            return 0;
        // Local-use translation (RFC 8215): the prefix has 96 bits, or 48, 56 or 64, which leave zeros at the end; the length is not visible in the address.
        return last[1..] is not [0, 0, 0] ? Take(inner, last) : Take(inner, [v6[6], v6[7], v6[9], v6[10], v6[7], v6[9], v6[10], v6[11], v6[9], v6[10], v6[11], v6[12]]);
    }

    private static int Take(Span<byte> inner, ReadOnlySpan<byte> addresses)
    {
        addresses.CopyTo(inner);
        return addresses.Length / 4;
    }

    /// <summary>
    /// Whether a source may name an address as a peer. A loopback or link-local address means another machine to each source: a tracker or peer elsewhere cannot know
    /// what is on this machine or link, and must not make us connect to it; one that is itself there can.
    /// </summary>
    /// <param name="teller">The address of the source; null for a source without an address.</param>
    /// <param name="named">The address named.</param>
    public static bool MayName(IPAddress? teller, IPAddress named)
    {
        AddressReach reach = ReachOf(named);
        if (teller is null || reach >= AddressReach.Site)
            return true;
        return ReachOfSource(teller) <= reach || LocalAddresses.Contains(teller);
    }

    /// <summary>The key of the subscriber of an address: the address itself, or for IPv6 its /64 network, all of which one machine can use.</summary>
    public static IPAddress SubscriberOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address) || !address.TryWriteBytes(bytes, out _))
            return address;
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Whether an address can be that of a peer: it is unicast, and has a port.</summary>
    public static bool IsPeer(IPEndPoint endPoint)
    {
        if (endPoint.Port is < 1 or > ushort.MaxValue)
            return false;
        IPAddress address = endPoint.Address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        if (length == 4)
            return IsUnicast(bytes[..4]);
        if (address.IsIPv6Multicast || address.Equals(IPAddress.IPv6Any))
            return false;
        Span<byte> inner = stackalloc byte[MaxInner * 4];
        int count = address.Equals(IPAddress.IPv6Loopback) ? 0 : Inner(bytes, inner);
        bool isAny = count == 0;
        for (int i = 0; i < count; i++)
            isAny |= IsUnicast(inner.Slice(4 * i, 4));
        return isAny;
    }

    // 0.0.0.0/8 is "this network", 224.0.0.0/4 multicast, 240.0.0.0/4 reserved, including the broadcast address (RFC 6890).
    private static bool IsUnicast(ReadOnlySpan<byte> v4) => v4[0] is not 0 and < 224;
}
