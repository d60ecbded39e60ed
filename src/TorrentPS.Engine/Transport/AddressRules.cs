using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Transport;

/// <summary>What can be told of an address by itself, and who may name which.</summary>
internal static class AddressRules
{
    /// <summary>How far an address reaches.</summary>
    public static AddressReach ReachOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.IPv6Any))
            return AddressReach.Machine;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        if (length == 16 && !HasIPv4(bytes))
            return address.IsIPv6LinkLocal ? AddressReach.Link : address.IsIPv6UniqueLocal || address.IsIPv6SiteLocal ? AddressReach.Site : AddressReach.World;
        bytes = bytes[(length - 4)..length];
        return bytes[0] switch
        {
            0 or 127 => AddressReach.Machine, // whoever connects to 0.0.0.0 comes to this machine
            10 => AddressReach.Site,
            100 when (bytes[1] & 0xc0) == 64 => AddressReach.Site,
            169 when bytes[1] == 254 => AddressReach.Link,
            172 when (bytes[1] & 0xf0) == 16 => AddressReach.Site,
            192 when bytes[1] == 168 => AddressReach.Site,
            _ => AddressReach.World,
        };
    }

    /// <summary>Whether an IPv6 address leads to the IPv4 address in its last four bytes: a translated one (RFC 6052, 64:ff9b::/96), or an old compatible one (RFC 4291).</summary>
    private static bool HasIPv4(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) || !bytes[..12].ContainsAnyExcept((byte)0);

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
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return !address.IsIPv6Multicast && !address.Equals(IPAddress.IPv6Any);
        Span<byte> bytes = stackalloc byte[4];
        // 0.0.0.0/8 is "this network", 224.0.0.0/4 multicast, 240.0.0.0/4 reserved with the broadcast address in it (RFC 6890).
        return address.TryWriteBytes(bytes, out _) && bytes[0] is not 0 and < 224;
    }
}
