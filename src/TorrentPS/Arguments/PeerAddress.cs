using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Arguments;

/// <summary>Reads the addresses of peers the way people write them.</summary>
internal static class PeerAddress
{
    public const string Expected = "a peer as HOST:PORT, as in 192.0.2.1:6881, [2001:db8::1]:6881 or peer.example:6881";

    /// <summary>Reads <c>192.0.2.1:6881</c>, <c>[2001:db8::1]:6881</c> and <c>host.example:6881</c>; the last gives a <see cref="DnsEndPoint"/>.</summary>
    public static bool TryParse(string? text, out EndPoint endPoint)
    {
        endPoint = null!;
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        int colon = trimmed.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(trimmed[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port))
            return false;
        ReadOnlySpan<char> host = trimmed[..colon];
        if (host.Length > 2 && host[0] == '[' && host[^1] == ']')
            return IPAddress.TryParse(host[1..^1], out IPAddress? v6) && v6.AddressFamily == AddressFamily.InterNetworkV6 && TryCreate(v6, port, out endPoint);
        // A v6 address without brackets cannot be told from its port.
        return !host.Contains(':') && TryCreate(host.ToString(), port, out endPoint);
    }

    /// <summary>Makes an end point of an address or host name and a port from 1 to 65535.</summary>
    public static bool TryCreate(string host, int port, out EndPoint endPoint)
    {
        endPoint = null!;
        // IPAddress.TryParse would take "1" for 0.0.0.1.
        if (IPAddress.TryParse(host, out IPAddress? address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || host.Count(c => c == '.') == 3))
            return TryCreate(address, port, out endPoint);
        if (port is < 1 or > 65535 || Uri.CheckHostName(host) != UriHostNameType.Dns || host.All(c => char.IsAsciiDigit(c) || c == '.'))
            return false;
        endPoint = new DnsEndPoint(host, port);
        return true;
    }

    /// <summary>The address behind an end point, a host name looked up; throws <see cref="SocketException"/> when it has none, or none in time.</summary>
    public static async Task<IPEndPoint> ResolveAsync(EndPoint endPoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (endPoint is not DnsEndPoint dns)
            return (IPEndPoint)endPoint;
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(dns.Host, cancellationToken).WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
            // The system's order is by preference (RFC 6724).
            return addresses.Length > 0 ? new IPEndPoint(addresses[0], dns.Port) : throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (TimeoutException)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
    }

    private static bool TryCreate(IPAddress address, int port, out EndPoint endPoint)
    {
        endPoint = null!;
        if (port is < 1 or > 65535)
            return false;
        endPoint = new IPEndPoint(address, port);
        return true;
    }
}
