using System.Net;
using System.Text;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Net;

/// <summary>
/// A proxy for all connections of a client: to peers, trackers and servers of .torrent files. The proxy resolves names. Traffic that cannot use the proxy is disabled
/// rather than sent directly.
/// </summary>
public sealed record ProxyServer
{
    private const int DefaultSocksPort = 1080; // RFC 1928, 3
    private const int MaxCredential = 255; // RFC 1929, 2

    private ProxyServer(ProxyKind kind, string host, int port) => (Kind, Host, Port) = (kind, host, port);

    /// <summary>The protocol.</summary>
    public ProxyKind Kind { get; }

    /// <summary>The host name or address.</summary>
    public string Host { get; }

    /// <summary>The port, 1 to 65535.</summary>
    public int Port { get; }

    /// <summary>The user name; null for no authentication.</summary>
    public string? UserName { get; private init; }

    /// <summary>The password of <see cref="UserName"/>.</summary>
    public string? Password { get; private init; }

    /// <summary>
    /// Parses the address of a proxy: <c>socks5://HOST:PORT</c> (or <c>socks5h</c>, which means the same here) or <c>http://HOST:PORT</c>. The default ports are 1080 and
    /// 80.
    /// </summary>
    /// <param name="uri">The address. It may contain <c>USER:PASSWORD@</c>.</param>
    /// <param name="credential">The user name and password, which override those in the address.</param>
    /// <exception cref="FormatException">The address is not that of a usable proxy; the message says why.</exception>
    public static ProxyServer Parse(Uri uri, NetworkCredential? credential = null)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (!UriHost.IsUsable(uri) || uri.Host.Length == 0)
            throw new FormatException($"'{AddressText.Of(uri)}' is not the address of a proxy. Give one such as socks5://proxy.example:1080 or http://proxy.example:8080.");
        ProxyKind kind = uri.Scheme switch
        {
            "socks5" or "socks5h" => ProxyKind.Socks5,
            "http" => ProxyKind.Http,
            _ => throw new FormatException($"A proxy with a '{uri.Scheme}' address cannot be used, only one with socks5 or http."),
        };
        if (uri.AbsolutePath is not ("/" or "") || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new FormatException("The address of a proxy has no path: it ends with the port.");
        int port = uri.Port > 0 ? uri.Port : DefaultSocksPort;
        if (uri.Port == 0)
            throw new FormatException("A proxy cannot have port 0.");
        (string? userName, string? password) = credential is null ? UserOf(uri) : (credential.UserName, credential.Password);
        if (userName is { Length: 0 })
            throw new FormatException("The user name for the proxy is empty.");
        if (kind == ProxyKind.Http && userName is not null && userName.Contains(':', StringComparison.Ordinal))
            throw new FormatException("A user name for an HTTP proxy cannot have a colon in it (RFC 7617).");
        if (Encoding.UTF8.GetByteCount(userName ?? "") > MaxCredential || Encoding.UTF8.GetByteCount(password ?? "") > MaxCredential)
            throw new FormatException($"User name and password for a proxy have at most {MaxCredential} bytes each.");
        return new ProxyServer(kind, UriHost.Of(uri), port) { UserName = userName, Password = userName is null ? null : password ?? "" };
    }

    /// <summary>The address without the password.</summary>
    public override string ToString() =>
        $"{(Kind == ProxyKind.Socks5 ? "socks5" : "http")}://{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}";

    private static (string? UserName, string? Password) UserOf(Uri uri)
    {
        if (uri.UserInfo.Length == 0)
            return default;
        int colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? (Uri.UnescapeDataString(uri.UserInfo), null)
            : (Uri.UnescapeDataString(uri.UserInfo[..colon]), Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]));
    }
}
