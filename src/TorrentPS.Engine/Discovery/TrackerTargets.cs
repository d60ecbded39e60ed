using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// Which addresses a torrent may have asked for peers. A torrent comes from anywhere, and what it calls a tracker may be a service of the user's
/// own network that does something when it is asked. A tracker in the local network is what a LAN needs, and works; what is refused is an
/// address that could not be one's own tracker. The user may allow that, too.
/// </summary>
internal static class TrackerTargets
{
    /// <summary>The environment variable by which a user allows it for the module and the tool.</summary>
    public const string Variable = "TORRENTPS_ALLOW_PRIVATE_TRACKERS";

    /// <summary>What to do where it is one's own.</summary>
    public const string OptOut = $"if it is meant, set the environment variable {Variable} to 1";

    /// <summary>Names that no server in the Internet has, so that nobody there decides where they lead (RFC 6761, RFC 6762, RFC 8375; and what home routers use).</summary>
    private static readonly string[] s_localDomains = ["localhost", "local", "lan", "home", "home.arpa", "internal", "intranet", "corp", "private", "test", "example", "invalid"];

    /// <summary>Whether the user allows all: <see cref="Variable"/> is set to something other than 0 or false.</summary>
    public static bool IsAllowedByUser() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value && value != "0" && !value.Equals("false", StringComparison.OrdinalIgnoreCase);

    /// <summary>Why a tracker is not asked at an address; null when it is.</summary>
    /// <param name="uri">The tracker's address in the torrent.</param>
    /// <param name="address">An address of its host.</param>
    /// <param name="looksLikeTracker">Whether the path is one that a tracker has.</param>
    public static string? Refusal(Uri uri, IPAddress address, bool looksLikeTracker)
    {
        if (!AddressRules.IsPeer(new IPEndPoint(address, 1)) && AddressRules.ReachOf(address) == AddressReach.World)
            return "it is at no address of a machine";
        return AddressRules.ReachOf(address) switch
        {
            AddressReach.World => null,
            AddressReach.Link => $"it is at a link-local address, which is not asked; {OptOut}",
            _ when IsPublicName(uri) => $"the name '{uri.IdnHost}' leads into the local network, where it is not followed; {OptOut}",
            AddressReach.Machine when !looksLikeTracker => "it is on this machine, where only an address whose last part begins with 'announce' is taken for a tracker's",
            AddressReach.Site when !looksLikeTracker => "it is in the local network, where only an address whose last part begins with 'announce' is taken for a tracker's",
            _ => null,
        };
    }

    /// <summary>Why a tracker is not asked by its name, which the proxy looks up; null when it is.</summary>
    /// <param name="uri">The tracker's address in the torrent.</param>
    /// <param name="looksLikeTracker">Whether the path is one that a tracker has.</param>
    public static string? RefusalByName(Uri uri, bool looksLikeTracker) => looksLikeTracker || !IsLocalName(uri)
        ? null : "it is in the local network, where only an address whose last part begins with 'announce' is taken for a tracker's";

    /// <summary>Whether a host name is one of the local network alone.</summary>
    public static bool IsLocalName(Uri uri) => uri.HostNameType == UriHostNameType.Dns && !IsPublicName(uri);

    /// <summary>Whether somebody in the Internet decides where a host name leads.</summary>
    private static bool IsPublicName(Uri uri)
    {
        string host = uri.IdnHost.TrimEnd('.');
        return uri.HostNameType == UriHostNameType.Dns && host.Contains('.', StringComparison.Ordinal)
            && !Array.Exists(s_localDomains, domain => host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));
    }
}
