using System.Net;

namespace TorrentPS.Engine.Net;

/// <summary>IPv4 addresses in the IPv6 form that dual-mode sockets return (RFC 4291, section 2.5.5.2).</summary>
internal static class MappedAddresses
{
    /// <summary>The IPv4 address of a mapped address; any other address unchanged.</summary>
    public static IPEndPoint Unmapped(this IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
