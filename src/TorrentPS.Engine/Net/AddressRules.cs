using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>What can be told of an address by itself, and who may name which.</summary>
internal static class AddressRules
{
    /// <summary>How far an address reaches: one that leads to IPv4 addresses in it, as far as the nearest of those.</summary>
    public static AddressReach ReachOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        if (length == 4)
            return ReachOf(bytes[..4]);
        if (address.Equals(IPAddress.IPv6Loopback) || address.Equals(IPAddress.IPv6Any))
            return AddressReach.Machine;
        AddressReach reach = address.IsIPv6LinkLocal ? AddressReach.Link : address.IsIPv6UniqueLocal || address.IsIPv6SiteLocal ? AddressReach.Site : AddressReach.World;
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

    private static AddressReach ReachOf(ReadOnlySpan<byte> v4) => v4[0] switch
    {
        0 or 127 => AddressReach.Machine, // whoever connects to 0.0.0.0 comes to this machine
        10 => AddressReach.Site,
        100 when (v4[1] & 0xc0) == 64 => AddressReach.Site,
        169 when v4[1] == 254 => AddressReach.Link,
        172 when (v4[1] & 0xf0) == 16 => AddressReach.Site,
        192 when v4[1] == 168 => AddressReach.Site,
        _ => AddressReach.World,
    };

    private const int MaxInner = 3;

    /// <summary>The IPv4 addresses to which an IPv6 address leads; how many there are.</summary>
    private static int Inner(ReadOnlySpan<byte> v6, Span<byte> inner)
    {
        ReadOnlySpan<byte> last = v6[12..];
        // Mapped (RFC 4291, 2.5.5.2), compatible (2.5.5.1), translated (RFC 2765), and behind the well-known prefix (RFC 6052).
        if (!v6[..8].ContainsAnyExcept((byte)0) && (v6[8..12] is [0, 0, 0, 0] or [0, 0, 0xff, 0xff] or [0xff, 0xff, 0, 0])
            || v6[..12] is [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])
            return Take(inner, last);
        // 6to4 (RFC 3056).
        if (v6 is [0x20, 0x02, ..])
            return Take(inner, v6[2..6]);
        // Teredo (RFC 4380): the server's, and the client's with every bit turned.
        if (v6 is [0x20, 0x01, 0, 0, ..])
            return Take(inner, [v6[4], v6[5], v6[6], v6[7], (byte)~last[0], (byte)~last[1], (byte)~last[2], (byte)~last[3]]);
        if (v6 is not [0, 0x64, 0xff, 0x9b, 0, 1, ..])
            return 0;
        // A translator of one's own (RFC 8215): the prefix is of 96 bits, or of 48, 56 or 64, which leave the end zero; whichever it is, is not to be seen.
        return last[1..] is not [0, 0, 0] ? Take(inner, last) : Take(inner, [v6[6], v6[7], v6[9], v6[10], v6[7], v6[9], v6[10], v6[11], v6[9], v6[10], v6[11], v6[12]]);
    }

    private static int Take(Span<byte> inner, ReadOnlySpan<byte> addresses)
    {
        addresses.CopyTo(inner);
        return addresses.Length / 4;
    }

    /// <summary>
    /// Whether one at an address may name another as a peer. What a loopback or link-local address means depends on who says it: a tracker or a
    /// peer elsewhere cannot know what is on this machine or this cable, and must not make us connect to it; one that is itself here can.
    /// </summary>
    /// <param name="teller">Who names it; null for one that is not asked by address.</param>
    /// <param name="named">What is named.</param>
    public static bool MayName(IPAddress? teller, IPAddress named)
    {
        AddressReach reach = ReachOf(named);
        if (teller is null || reach >= AddressReach.Site)
            return true;
        return ReachOf(teller) <= reach || LocalAddresses.Contains(teller);
    }

    /// <summary>What stands for whoever has an address: the address itself, or of an IPv6 address its /64 network, all of which one machine can use.</summary>
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

    /// <summary>Whether a peer can be at an address at all: it is one machine's, and has a port.</summary>
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

    // 0.0.0.0/8 is "this network", 224.0.0.0/4 multicast, 240.0.0.0/4 reserved with the broadcast address in it (RFC 6890).
    private static bool IsUnicast(ReadOnlySpan<byte> v4) => v4[0] is not 0 and < 224;
}
