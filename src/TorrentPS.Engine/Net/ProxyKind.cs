namespace TorrentPS.Engine.Net;

/// <summary>The protocol of a proxy.</summary>
public enum ProxyKind
{
    /// <summary>SOCKS version 5 (RFC 1928), with a user name and password (RFC 1929) if given.</summary>
    Socks5,

    /// <summary>HTTP with the CONNECT method (RFC 9110, 9.3.6), and basic authentication if a user name is given.</summary>
    Http,
}
