namespace TorrentPS.Engine.Net;

/// <summary>What a host's name says of where it leads.</summary>
internal static class HostName
{
    /// <summary>Names that no server in the Internet has, so that nobody there decides where they lead (RFC 6761, RFC 6762, RFC 8375; and what home routers use).</summary>
    private static readonly string[] s_localDomains = ["localhost", "local", "lan", "home", "home.arpa", "internal", "intranet", "corp", "private", "test", "example", "invalid"];

    /// <summary>Whether the host of an address has a name of the local network alone.</summary>
    public static bool IsLocal(Uri uri) => uri.HostNameType == UriHostNameType.Dns && !IsPublic(uri);

    /// <summary>Whether somebody in the Internet decides where the name of an address's host leads.</summary>
    public static bool IsPublic(Uri uri)
    {
        string host = uri.IdnHost.TrimEnd('.');
        return uri.HostNameType == UriHostNameType.Dns && host.Contains('.', StringComparison.Ordinal)
            && !Array.Exists(s_localDomains, domain => host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));
    }
}
