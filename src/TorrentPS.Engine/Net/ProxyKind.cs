namespace TorrentPS.Engine.Net;

/// <summary>What a proxy speaks.</summary>
public enum ProxyKind
{
    /// <summary>SOCKS version 5 (RFC 1928), with a user name and password (RFC 1929) where they are given.</summary>
    Socks5,

    /// <summary>HTTP with the method CONNECT (RFC 9110, 9.3.6), and basic authentication where a user name is given.</summary>
    Http,
}
