using System.Net;

namespace TorrentPS.Engine.Net;

/// <summary>IPv4 addresses in the form that sockets for both families give them (RFC 4291, section 2.5.5.2).</summary>
internal static class MappedAddresses
{
    /// <summary>The IPv4 address itself where one came in that form, else what it was.</summary>
    public static IPEndPoint Unmapped(this IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
