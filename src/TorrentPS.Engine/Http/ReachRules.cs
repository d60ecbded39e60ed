using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Http;

/// <summary>
/// Decides what a named address may reach, before each connection. Torrents come from anywhere, and a tracker or web seed in one may really be a service in the user's
/// network that acts on requests. Addresses that a local network legitimately uses work; addresses that could only be an attack are refused.
/// </summary>
/// <param name="reachOf">Returns how near an address is; null for the real rule.</param>
/// <param name="isLifted">Whether the user has lifted all restrictions for trackers and for addresses that the user gave.</param>
internal sealed class ReachRules(Func<IPAddress, AddressReach>? reachOf = null, Func<bool>? isLifted = null)
{
    /// <summary>How near an address is.</summary>
    public AddressReach ReachOf(IPAddress address) => reachOf is null ? AddressRules.ReachOf(address) : reachOf(address);

    /// <summary>The target of a redirect.</summary>
    /// <param name="named">The requested address.</param>
    /// <param name="location">The location in the reply.</param>
    /// <param name="from">The address of the server; null if only a proxy knows it, which counts as one in the Internet.</param>
    /// <exception cref="HttpFetchException">The redirect must not be followed, whatever its target.</exception>
    public NamedAddress Redirect(NamedAddress named, string location, IPAddress? from)
    {
        AddressReach by = from is null ? AddressReach.World : ReachOf(from);
        // A server at one of this machine's addresses in the local network is on this machine.
        return named.Redirect(location, by != AddressReach.World && LocalAddresses.Contains(from!) ? AddressReach.Machine : by);
    }

    /// <summary>Why an address is refused; null if it is allowed.</summary>
    /// <param name="named">The address to contact.</param>
    /// <param name="address">The IP address to connect to; null if a proxy resolves the name.</param>
    public string? Refusal(NamedAddress named, IPAddress? address)
    {
        if (named.Device is { } device)
            return device.Equals(address) ? null : "it leads to another machine than the device itself, which is not asked";
        bool canBeLifted = named.Origin is AddressOrigin.User or AddressOrigin.Tracker;
        if (canBeLifted && isLifted?.Invoke() is true)
            return null;
        (string? reason, bool isOfNetwork) = address is null ? (RefusalOfName(named), false) : RefusalOfAddress(named, address);
        return isOfNetwork && canBeLifted ? $"{reason}; {TrackerTargets.OptOut}" : reason;
    }

    private static string? RefusalOfName(NamedAddress named) =>
        !HostName.IsLocal(named.Uri) ? null
        : named.Nearest == AddressReach.World ? "it redirects from the Internet into the local network, which is not followed"
        : RefusalOfTarget(named, AddressReach.Site);

    /// <summary>The reason, and whether it is due to the network of the address.</summary>
    private (string? Reason, bool IsOfNetwork) RefusalOfAddress(NamedAddress named, IPAddress address)
    {
        AddressReach reach = ReachOf(address);
        if (reach == AddressReach.World && !AddressRules.IsPeer(new IPEndPoint(address, 1)))
            return ("it is at no address of a machine", false);
        if (reach < named.Nearest)
            return (named.Nearest == AddressReach.World ? "it redirects from the Internet into the local network, which is not followed"
                : "it redirects from another machine to this one, or to a link-local address, which is not followed", true);
        if (reach == AddressReach.World || named.Origin == AddressOrigin.User)
            return default;
        if (reach == AddressReach.Link)
            return ("it is at a link-local address, which is not asked", true);
        return HostName.IsPublic(named.Uri) ? ($"the name '{UriHost.Of(named.Uri)}' leads into the local network, where it is not followed", true) : (RefusalOfTarget(named, reach), false);
    }

    /// <summary>Why a target on this machine or in the local network is refused.</summary>
    private static string? RefusalOfTarget(NamedAddress named, AddressReach reach)
    {
        string place = reach == AddressReach.Machine ? "on this machine" : "in the local network";
        return named.Origin switch
        {
            AddressOrigin.Tracker when !named.IsRedirected && !LooksLikeTracker(named.Uri) => $"it is {place}, where only an address whose last part begins with 'announce' is taken for a tracker's",
            AddressOrigin.WebSeed when named.Uri.Query.Length > 0 => $"it is {place}, where no web seed's address has a query",
            _ => null,
        };
    }

    /// <summary>Whether the last part of the path begins with "announce", as that of a tracker does by convention (BEP 48).</summary>
    public static bool IsAnnounce(Uri tracker)
    {
        string path = tracker.AbsolutePath;
        return path.AsSpan(path.LastIndexOf('/') + 1).StartsWith("announce", StringComparison.Ordinal);
    }

    private static bool LooksLikeTracker(Uri uri) => (uri.Scheme == "udp" && uri.AbsolutePath is "/" or "") || IsAnnounce(uri);
}
