using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Http;

/// <summary>
/// An address and what it may reach. That is decided by where it came from, and is kept with it: over redirects, and for as long as the address is
/// remembered. Each connection is judged by it (<see cref="ReachRules"/>).
/// </summary>
internal sealed record NamedAddress
{
    private NamedAddress(Uri uri, AddressOrigin origin) => (Uri, Origin) = (uri, origin);

    /// <summary>The address itself.</summary>
    public Uri Uri { get; private init; }

    /// <summary>Where it came from, or the one that redirected to it.</summary>
    public AddressOrigin Origin { get; }

    /// <summary>The nearest that it may reach: everything, unless another redirected to it.</summary>
    public AddressReach Nearest { get; private init; } = AddressReach.Machine;

    /// <summary>Whether another redirected to it.</summary>
    public bool IsRedirected { get; private init; }

    /// <summary>The only machine that it may reach; null for others than a device's.</summary>
    public IPAddress? Device { get; private init; }

    /// <summary>One that the user named: it may reach everything.</summary>
    public static NamedAddress OfUser(Uri uri) => new(uri, AddressOrigin.User);

    /// <summary>What a torrent calls a tracker.</summary>
    public static NamedAddress OfTracker(Uri uri) => new(uri, AddressOrigin.Tracker);

    /// <summary>What a torrent calls a web seed.</summary>
    public static NamedAddress OfWebSeed(Uri uri) => new(uri, AddressOrigin.WebSeed);

    /// <summary>What a device says is on itself.</summary>
    /// <param name="uri">The address, by the IP address of the device.</param>
    public static NamedAddress OfDevice(Uri uri) => new(uri, AddressOrigin.Device) { Device = IPAddress.Parse(uri.IdnHost) };

    /// <summary>Another address of the same origin, made from this one: that of a file of a web seed.</summary>
    public NamedAddress At(Uri uri) => this with { Uri = uri };

    /// <summary>What this one redirects to: it may reach nothing nearer than what redirects.</summary>
    /// <param name="location">What the answer says, relative or not.</param>
    /// <param name="by">How near the one that answered is.</param>
    /// <exception cref="HttpFetchException">That is not followed, wherever it leads.</exception>
    public NamedAddress Redirect(string location, AddressReach by)
    {
        if (!Uri.TryCreate(Uri, location, out Uri? to))
            throw new HttpFetchException("it redirects to something that is not an address");
        if (to.Scheme is not ("http" or "https"))
            throw new HttpFetchException($"it redirects to a '{to.Scheme}' address, which is not followed");
        if (Uri.Scheme == "https" && to.Scheme == "http")
            throw new HttpFetchException("it redirects from https to http, which is not followed");
        // The user part of an address is for its own host, and nobody else's to name.
        if (to.UserInfo.Length > 0 && to.Authority != Uri.Authority)
            to = new Uri(to.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped));
        return this with { Uri = to, IsRedirected = true, Nearest = by > Nearest ? by : Nearest };
    }
}
