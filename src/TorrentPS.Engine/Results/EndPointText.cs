using System.Net;
using System.Net.Sockets;

namespace TorrentPS;

/// <summary>Formats an address and a port.</summary>
internal static class EndPointText
{
    /// <summary><c>192.0.2.1:6881</c> or <c>[2001:db8::1]:6881</c>.</summary>
    public static string Of(string address, int port) =>
        IPAddress.Parse(address).AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]:{port}" : $"{address}:{port}";
}
