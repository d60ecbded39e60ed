using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Xml;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Gateways;

/// <summary>A gateway with UPnP (WANIPConnection, WANPPPConnection of the Internet Gateway Device).</summary>
/// <param name="http">Sends the requests.</param>
/// <param name="service">The service type: one of the known ones.</param>
/// <param name="control">The control address of the service, at the device's own address.</param>
/// <param name="client">Our address towards the gateway.</param>
internal sealed class UpnpGateway(HttpFetch http, string service, Uri control, IPAddress client) : IPortGateway
{
    /// <summary>The requested lifetime; long enough that one renewal may fail.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>The port is mapped to another client (WANIPConnection, 2.4.16).</summary>
    public const int Conflict = 718;

    private const int OnlyPermanentLeases = 725;
    private const int SamePortsRequired = 724;
    private const int ExternalPortOnlyWildcard = 727;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    private readonly HashSet<PortRequest> _asked = [];
    private bool _isPermanent;

    /// <inheritdoc/>
    public string Name => $"UPnP gateway {UriHost.Of(control)}";

    /// <inheritdoc/>
    public IPAddress? ExternalAddress { get; private set; }

    /// <summary>Reads the description of a device; null if it is not a gateway.</summary>
    /// <exception cref="GatewayException">The description cannot be read.</exception>
    public static async Task<UpnpGateway?> DiscoverAsync(HttpFetch http, Uri location, IPAddress client, CancellationToken cancellationToken)
    {
        try
        {
            var options = new HttpFetchOptions { MaxBodyLength = UpnpDescription.MaxLength, Timeout = s_timeout };
            HttpReply reply = await http.GetAsync(NamedAddress.OfDevice(location), options, cancellationToken).ConfigureAwait(false);
            return reply.Status == 200 && UpnpDescription.Read(reply.Body, location) is { } found ? new UpnpGateway(http, found.Service, found.Control, client) : null;
        }
        catch (Exception exception) when (exception is HttpFetchException or XmlException)
        {
            throw new GatewayException($"the description of the UPnP device {UriHost.Of(location)} cannot be read: {exception.Message.TrimEnd('.')}", inner: exception);
        }
    }

    /// <inheritdoc/>
    public async Task<MappedPort> MapAsync(PortRequest request, CancellationToken cancellationToken)
    {
        _asked.Add(request);
        try
        {
            await AddAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (GatewayException)
        {
            _asked.Remove(request); // another client's mapping must not be removed
            throw;
        }

        ExternalAddress ??= await AskAddressAsync(cancellationToken).ConfigureAwait(false);
        return new MappedPort(request.External, _isPermanent ? TimeSpan.Zero : Lifetime);
    }

    private async Task AddAsync(PortRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync("AddPortMapping", Arguments(request), cancellationToken).ConfigureAwait(false);
        }
        catch (GatewayException exception) when (exception.Code == OnlyPermanentLeases && !_isPermanent)
        {
            _isPermanent = true;
            await CallAsync("AddPortMapping", Arguments(request), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task RemoveAsync(CancellationToken cancellationToken) => Task.WhenAll(_asked.ToArray().Select(async request =>
    {
        try
        {
            await CallAsync("DeletePortMapping", Place(request), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is GatewayException or OperationCanceledException)
        {
            // the mapping expires, if it has a lifetime
        }
    }));

    private static string Place(PortRequest request) =>
        $"<NewRemoteHost></NewRemoteHost><NewExternalPort>{request.External}</NewExternalPort><NewProtocol>{request.Name}</NewProtocol>";

    private string Arguments(PortRequest request) => Place(request) +
        $"<NewInternalPort>{request.Port}</NewInternalPort><NewInternalClient>{client}</NewInternalClient><NewEnabled>1</NewEnabled>" +
        string.Create(CultureInfo.InvariantCulture, $"<NewPortMappingDescription>TorrentPS</NewPortMappingDescription><NewLeaseDuration>{(_isPermanent ? 0 : Lifetime.TotalSeconds):0}</NewLeaseDuration>");

    private async Task<IPAddress?> AskAddressAsync(CancellationToken cancellationToken)
    {
        try
        {
            ReadOnlyMemory<byte> answer = await CallAsync("GetExternalIPAddress", "", cancellationToken).ConfigureAwait(false);
            return IPAddress.TryParse(Find(answer, "NewExternalIPAddress"), out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetwork ? address : null;
        }
        catch (GatewayException)
        {
            return null;
        }
    }

    /// <summary>Calls an action of the service (UPnP Device Architecture 1.1, 3.2).</summary>
    private async Task<ReadOnlyMemory<byte>> CallAsync(string action, string arguments, CancellationToken cancellationToken)
    {
        string envelope = "<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">" +
            $"<s:Body><u:{action} xmlns:u=\"{service}\">{arguments}</u:{action}></s:Body></s:Envelope>\r\n";
        var options = new HttpFetchOptions
        {
            MaxBodyLength = UpnpDescription.MaxLength,
            Timeout = s_timeout,
            Post = new HttpPost("text/xml; charset=\"utf-8\"", $"SOAPAction: \"{service}#{action}\"\r\n", Encoding.UTF8.GetBytes(envelope)),
        };
        HttpReply reply;
        try
        {
            reply = await http.GetAsync(NamedAddress.OfDevice(control), options, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpFetchException exception)
        {
            throw new GatewayException($"the {Name} did not answer: {exception.Message}", inner: exception);
        }

        if (reply.Status == 200)
            return reply.Body;
        if (!int.TryParse(Find(reply.Body, "errorCode"), NumberStyles.None, CultureInfo.InvariantCulture, out int code))
            throw new GatewayException($"the {Name} answered with HTTP status {reply.Status}");
        throw new GatewayException($"the {Name} maps no port: {Describe(code)}", code);
    }

    private string? Find(ReadOnlyMemory<byte> xml, string element)
    {
        try
        {
            return UpnpDescription.Find(xml, element);
        }
        catch (XmlException exception)
        {
            throw new GatewayException($"the {Name} answered with something that is not XML", inner: exception);
        }
    }

    private static string Describe(int code) => code switch
    {
        401 or 602 => "it does not know how",
        606 => "it does not allow it",
        Conflict => "another machine has this port",
        SamePortsRequired or ExternalPortOnlyWildcard or OnlyPermanentLeases => "it does not take this kind of mapping",
        728 => "it has no more ports to give",
        _ => $"it refused the request (UPnP error {code})",
    };
}
