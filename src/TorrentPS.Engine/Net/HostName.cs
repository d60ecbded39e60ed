using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Net;

/// <summary>Tells where a host name can lead.</summary>
internal static class HostName
{
    /// <summary>
    /// Domains that do not exist in the Internet, so that no one there controls where they lead (RFC 6761, RFC 6762, RFC 8375; and those of home routers).
    /// </summary>
    private static readonly string[] s_localDomains = ["localhost", "local", "lan", "home", "home.arpa", "internal", "intranet", "corp", "private", "test", "example", "invalid"];

    /// <summary>Whether the host of an address has a name that exists only in the local network.</summary>
    public static bool IsLocal(Uri uri) => uri.HostNameType == UriHostNameType.Dns && !IsPublic(uri);

    /// <summary>Whether the name of an address's host is resolved by servers in the Internet, which control where it leads.</summary>
    public static bool IsPublic(Uri uri)
    {
        string host = UriHost.Of(uri).TrimEnd('.');
        return uri.HostNameType == UriHostNameType.Dns && host.Contains('.', StringComparison.Ordinal)
            && !Array.Exists(s_localDomains, domain => host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));
    }
}
