using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;

namespace TorrentPS.Cli.Input;

/// <summary>A peer as it is typed: <c>192.0.2.1:6881</c>, <c>[2001:db8::1]:6881</c> or <c>host.example:6881</c>.</summary>
internal readonly record struct PeerAddress(string Host, int Port)
{
    public static bool TryParse(string? text, out PeerAddress address)
    {
        address = default;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0)
            return false;

        string host = text![..colon];
        if (host is ['[', .. var inner, ']'])
        {
            if (!IPAddress.TryParse(inner, out IPAddress? ip) || ip.AddressFamily != AddressFamily.InterNetworkV6)
                return false;
            host = inner;
        }
        else if (Uri.CheckHostName(host) is not (UriHostNameType.IPv4 or UriHostNameType.Dns))
        {
            return false;
        }
        address = new PeerAddress(host, port);
        return true;
    }

    /// <summary>Looks up the name where there is one.</summary>
    public async Task<IPEndPoint> ResolveAsync(ProxyServer? proxy, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(Host, out IPAddress? ip))
            return new IPEndPoint(ip, Port);
        if (proxy is not null)
            throw new TorrentException(TorrentErrorId.UnknownHost, $"The peer's name '{Host}' is not looked up, since that would go around the proxy {proxy}: give the IP address.");
        try
        {
            IPAddress[] found = await Dns.GetHostAddressesAsync(Host, cancellationToken).ConfigureAwait(false);
            if (found.Length > 0)
                return new IPEndPoint(found[0], Port);
        }
        catch (SocketException)
        {
        }
        throw new TorrentException(TorrentErrorId.UnknownHost, $"The peer's name '{Host}' has no address; check how it is written, or give the IP address.");
    }

    public static async Task<IPEndPoint[]> ResolveAllAsync(IEnumerable<PeerAddress>? addresses, ProxyServer? proxy, CancellationToken cancellationToken) =>
        await Task.WhenAll((addresses ?? []).Select(address => address.ResolveAsync(proxy, cancellationToken))).ConfigureAwait(false);

    /// <summary>The address when it is one; null when it is a name.</summary>
    public IPEndPoint? EndPoint => IPAddress.TryParse(Host, out IPAddress? ip) ? new IPEndPoint(ip, Port) : null;

    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
