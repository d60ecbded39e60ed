using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Http;

/// <summary>
/// Judges what a named address would reach, before each connection. A torrent comes from anywhere, and what it calls a tracker or a web seed may be
/// a service of the user's own network that does something when it is asked. Those in the local network are what a LAN needs, and work; what is
/// refused is an address that could not be one's own.
/// </summary>
/// <param name="reachOf">How near an address is; null for what it is.</param>
/// <param name="isLifted">Whether the user allows everything to trackers and to what the user named.</param>
internal sealed class ReachRules(Func<IPAddress, AddressReach>? reachOf = null, Func<bool>? isLifted = null)
{
    /// <summary>How near an address is.</summary>
    public AddressReach ReachOf(IPAddress address) => reachOf is null ? AddressRules.ReachOf(address) : reachOf(address);

    /// <summary>Where an answer redirects to.</summary>
    /// <param name="named">What was asked.</param>
    /// <param name="location">What the answer says.</param>
    /// <param name="from">The address that answered; null where a proxy knows it alone, which counts as one in the Internet.</param>
    /// <exception cref="HttpFetchException">That is not followed, wherever it leads.</exception>
    public NamedAddress Redirect(NamedAddress named, string location, IPAddress? from)
    {
        AddressReach by = from is null ? AddressReach.World : ReachOf(from);
        // What is at an address of this machine in the local network is on this machine.
        return named.Redirect(location, by != AddressReach.World && LocalAddresses.Contains(from!) ? AddressReach.Machine : by);
    }

    /// <summary>Why an address is not asked; null when it is.</summary>
    /// <param name="named">What would be asked.</param>
    /// <param name="address">The address of its host that would be connected to; null where a proxy looks the name up.</param>
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

    /// <summary>Why, and whether it is for the network that it leads into.</summary>
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
        return HostName.IsPublic(named.Uri) ? ($"the name '{named.Uri.IdnHost}' leads into the local network, where it is not followed", true) : (RefusalOfTarget(named, reach), false);
    }

    /// <summary>Why what would be asked of this machine or the local network is not.</summary>
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
