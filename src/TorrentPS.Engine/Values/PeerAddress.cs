using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Values;

/// <summary>
/// The address of a peer or DHT node: <c>192.0.2.1:6881</c>, <c>[2001:db8::1]:6881</c> or <c>peer.example:6881</c>. Ports are 1 to 65535. Only unambiguous text is an
/// address: not <c>1:6881</c>, which some programs read as 0.0.0.1, and not <c>010.0.0.1</c>, which some read as 8.0.0.1.
/// </summary>
public readonly record struct PeerAddress
{
    /// <summary>Describes valid text, for error messages.</summary>
    public const string Expected = "a peer as HOST:PORT, as in 192.0.2.1:6881, [2001:db8::1]:6881 or peer.example:6881";

    private readonly IPAddress? _address;

    private PeerAddress(string host, IPAddress? address, int port) => (Host, _address, Port) = (host, address, port);

    /// <summary>The IP address, without brackets, or the host name.</summary>
    public string Host { get; }

    /// <summary>The port, 1 to 65535.</summary>
    public int Port { get; }

    /// <summary>Whether the host is a name, which must be resolved.</summary>
    public bool IsName => _address is null;

    /// <summary>Parses a host and a port.</summary>
    /// <param name="text">The text; white space around it is ignored.</param>
    /// <param name="address">The address.</param>
    /// <returns>Whether the text is valid.</returns>
    public static bool TryParse(string? text, out PeerAddress address)
    {
        address = default;
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        int colon = trimmed.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(trimmed[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port))
            return false;
        ReadOnlySpan<char> host = trimmed[..colon];
        bool isInBrackets = host is ['[', .., ']'];
        // Without brackets, an IPv6 address cannot be told from its port.
        return host.Contains(':') == isInBrackets && TryCreate((isInBrackets ? host[1..^1] : host).ToString(), port, out address);
    }

    /// <summary>Creates an address from a host and a port.</summary>
    /// <param name="host">An IP address, without brackets, or a host name.</param>
    /// <param name="port">The port.</param>
    /// <param name="address">The address.</param>
    /// <returns>Whether the host is valid and the port is 1 to 65535.</returns>
    public static bool TryCreate(string? host, int port, out PeerAddress address)
    {
        address = default;
        if (string.IsNullOrEmpty(host) || port is < 1 or > ushort.MaxValue)
            return false;
        if (host.Contains(':'))
        {
            if (host[0] == '[' || !IPAddress.TryParse(host, out IPAddress? v6) || v6.AddressFamily != AddressFamily.InterNetworkV6)
                return false;
            address = new PeerAddress(host, v6, port);
        }
        else if (EndsInNumber(host))
        {
            if (!TryV4(host, out IPAddress? v4))
                return false;
            address = new PeerAddress(host, v4, port);
        }
        else if (Uri.CheckHostName(host) == UriHostNameType.Dns && UriHost.TryParse($"tcp://{host}", out _))
        {
            address = new PeerAddress(host, null, port);
        }

        return address.Host is not null;
    }

    /// <summary>The address of an end point.</summary>
    /// <param name="endPoint">The end point, with a port that is not 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port is 0.</exception>
    public static PeerAddress Of(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentOutOfRangeException.ThrowIfZero(endPoint.Port, nameof(endPoint));
        return new PeerAddress(endPoint.Address.ToString(), endPoint.Address, endPoint.Port);
    }

    /// <summary>Converts to an end point: a <see cref="DnsEndPoint"/> for a name, otherwise an <see cref="IPEndPoint"/>.</summary>
    public EndPoint ToEndPoint() => _address is null ? new DnsEndPoint(Host, Port) : new IPEndPoint(_address, Port);

    /// <summary>Host and port, with an IPv6 address in brackets.</summary>
    public override string ToString() => Host is null ? "" : Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Whether the host cannot be a name, because its last part is a number (WHATWG URL, "ends in a number").</summary>
    private static bool EndsInNumber(string host)
    {
        ReadOnlySpan<char> part = host.AsSpan().TrimEnd('.');
        part = part[(part.LastIndexOf('.') + 1)..];
        return part.Length > 0 && (!part.ContainsAnyExceptInRange('0', '9') || part.StartsWith("0x", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Four decimal numbers, without leading zeros, which some programs read as octal.</summary>
    private static bool TryV4(string host, out IPAddress? address)
    {
        address = null;
        Span<byte> bytes = stackalloc byte[4];
        int count = 0;
        foreach (Range range in host.AsSpan().Split('.'))
        {
            ReadOnlySpan<char> part = host.AsSpan()[range];
            if (count == bytes.Length || part is ['0', _, ..] || !byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out bytes[count]))
                return false;
            count++;
        }

        if (count != bytes.Length)
            return false;
        address = new IPAddress(bytes);
        return true;
    }
}
