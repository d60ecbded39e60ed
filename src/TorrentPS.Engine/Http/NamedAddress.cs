using System.Net;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Http;

/// <summary>
/// An address together with its origin and what it may reach. These are kept across redirects and for as long as the address is remembered. <see cref="ReachRules"/>
/// checks each connection by them.
/// </summary>
internal sealed record NamedAddress
{
    private NamedAddress(Uri uri, AddressOrigin origin) => (Uri, Origin) = (uri, origin);

    /// <summary>The address itself; its host can be looked up.</summary>
    public Uri Uri
    {
        get;
        private init => field = UriHost.IsUsable(value) ? value : throw new HttpFetchException(UriHost.Unusable);
    }

    /// <summary>The origin of the address, or of the one that redirected to it.</summary>
    public AddressOrigin Origin { get; }

    /// <summary>The nearest network that the address may reach: unrestricted, unless it is the target of a redirect.</summary>
    public AddressReach Nearest { get; private init; } = AddressReach.Machine;

    /// <summary>Whether the address is the target of a redirect.</summary>
    public bool IsRedirected { get; private init; }

    /// <summary>The only machine that the address may reach; null unless it came from a device.</summary>
    public IPAddress? Device { get; private init; }

    /// <summary>An address given by the user: it may reach everything.</summary>
    /// <exception cref="HttpFetchException">The host name of the address cannot be resolved.</exception>
    public static NamedAddress OfUser(Uri uri) => new(uri, AddressOrigin.User);

    /// <summary>A tracker of a torrent.</summary>
    public static NamedAddress OfTracker(Uri uri) => new(uri, AddressOrigin.Tracker);

    /// <summary>A web seed of a torrent.</summary>
    public static NamedAddress OfWebSeed(Uri uri) => new(uri, AddressOrigin.WebSeed);

    /// <summary>An address that a device announces for itself.</summary>
    /// <param name="uri">The address, with the IP address of the device.</param>
    public static NamedAddress OfDevice(Uri uri) => new(uri, AddressOrigin.Device) { Device = IPAddress.Parse(UriHost.Of(uri)) };

    /// <summary>Another address derived from this one, with the same origin: that of a file of a web seed.</summary>
    public NamedAddress At(Uri uri) => this with { Uri = uri };

    /// <summary>The target of a redirect: it may reach nothing nearer than the server that redirected.</summary>
    /// <param name="location">The location in the reply, relative or absolute.</param>
    /// <param name="by">The reach of the server that redirected.</param>
    /// <exception cref="HttpFetchException">The redirect must not be followed, whatever its target.</exception>
    public NamedAddress Redirect(string location, AddressReach by)
    {
        if (!Uri.TryCreate(Uri, location, out Uri? to))
            throw new HttpFetchException("it redirects to something that is not an address");
        if (to.Scheme is not ("http" or "https"))
            throw new HttpFetchException($"it redirects to a '{to.Scheme}' address, which is not followed");
        if (Uri.Scheme == "https" && to.Scheme == "http")
            throw new HttpFetchException("it redirects from https to http, which is not followed");
        // Credentials in an address are for that host: no other server may set them.
        if (to.UserInfo.Length > 0 && to.Authority != Uri.Authority)
            to = new Uri(to.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped));
        return this with { Uri = to, IsRedirected = true, Nearest = by > Nearest ? by : Nearest };
    }
}
