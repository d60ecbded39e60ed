using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Gateways;

/// <summary>
/// Keeps a port mapped as long as it lives: by PCP or NAT-PMP if the default gateway supports one of them, else by UPnP. It runs in the background; a failure is reported
/// once, and retried later. IPv4 only.
/// </summary>
internal sealed class PortMapper : IAsyncDisposable
{
    private const int Attempts = 4;
    private const int FirstDynamicPort = 49152; // RFC 6335, 6

    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(30); // a gateway that was restarted has forgotten the mapping
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_farewell = TimeSpan.FromMilliseconds(500); // Ctrl+C ends within a second, and the gateway is near

    private readonly PortMapperOptions _options;
    private readonly HttpFetch _http;
    private readonly int _port;
    private readonly bool _hasUdp;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<IPortGateway> _asked = [];
    private readonly Task _running;
    private volatile int _external;
    private bool _hasWarned;
    private int _isEnded;

    /// <summary>Starts mapping.</summary>
    /// <param name="port">The TCP port that we listen on.</param>
    /// <param name="hasUdp">Whether to map the UDP port of the same number, too.</param>
    /// <param name="options">Where to look for gateways.</param>
    public PortMapper(int port, bool hasUdp, PortMapperOptions options)
    {
        (_port, _hasUdp, _options) = (port, hasUdp, options);
        _http = new HttpFetch(options.TimeProvider, route: options.Route);
        _running = Task.Run(RunAsync);
    }

    /// <summary>The port at which peers reach us: the external port, or our own while none is mapped.</summary>
    public int ExternalPort => _external is > 0 and int port ? port : _port;

    /// <summary>Removes the mapping, within a second.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
            return;
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        using var limit = new CancellationTokenSource(s_farewell, _options.TimeProvider);
        await Task.WhenAll(_asked.Select(gateway => gateway.RemoveAsync(limit.Token))).ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task RunAsync()
    {
        IPortGateway? gateway = null;
        CancellationToken ending = _ending.Token;
        try
        {
            while (true)
            {
                TimeSpan pause = s_pauseAfterFailure;
                try
                {
                    (gateway, TimeSpan lifetime) = await TryAsync(gateway, ending).ConfigureAwait(false);
                    pause = lifetime == TimeSpan.Zero || lifetime / 2 > s_longestPause ? s_longestPause : lifetime / 2 < s_shortestPause ? s_shortestPause : lifetime / 2;
                }
                catch (GatewayException exception)
                {
                    gateway = null;
                    Fail(exception.Message);
                }

                await Task.Delay(pause, _options.TimeProvider, ending).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // the mapper is being disposed
        }
        catch (Exception exception)
        {
            Fail($"{exception.GetType().Name}: {exception.Message}"); // a fault of this program must not end it silently
        }
    }

    private void Fail(string reason)
    {
        Report(0);
        string text = $"No port is mapped: {reason}. Peers can connect only where the router passes port {_port} on to this machine by itself.";
        _options.Log?.Invoke(text);
        if (_hasWarned)
            return;
        _hasWarned = true;
        _options.OnWarning?.Invoke(text);
    }

    private void Report(int external)
    {
        int before = ExternalPort;
        _external = external;
        if (ExternalPort != before)
            _options.Changed?.Invoke();
    }

    /// <summary>Maps by the previous gateway, or else by the first that grants it.</summary>
    private async Task<(IPortGateway Gateway, TimeSpan Lifetime)> TryAsync(IPortGateway? known, CancellationToken cancellationToken)
    {
        List<string> reasons = [];
        await foreach (IPortGateway gateway in CandidatesAsync(known, reasons, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                if (!_asked.Contains(gateway))
                    _asked.Add(gateway);
                return (gateway, await MapAsync(gateway, cancellationToken).ConfigureAwait(false));
            }
            catch (GatewayException exception)
            {
                reasons.Add(exception.Message);
                await gateway.RemoveAsync(cancellationToken).ConfigureAwait(false); // the half that was granted
                _asked.Remove(gateway);
            }
        }

        throw new GatewayException(reasons.Count > 0 ? string.Join("; ", reasons) : "there is no gateway in the local network");
    }

    private async IAsyncEnumerable<IPortGateway> CandidatesAsync(IPortGateway? known, List<string> reasons, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (known is not null)
            yield return known;
        IReadOnlyList<IPAddress> gateways = _options.Gateways();
        foreach (IPAddress address in gateways)
            yield return new PcpGateway(new GatewayExchange(new IPEndPoint(address, _options.Port), _options.Route, _options.TimeProvider));
        var search = new SsdpSearch(_options.SearchGroup, _options.Route, _options.TimeProvider);
        await using IAsyncEnumerator<(Uri Location, IPAddress Client)> devices = search.FindAsync(gateways.Count > 0 ? gateways[0] : null, cancellationToken).GetAsyncEnumerator(cancellationToken);
        bool isAny = false;
        while (await NextAsync(devices, reasons).ConfigureAwait(false))
        {
            isAny = true;
            if (await DiscoverAsync(devices.Current, reasons, cancellationToken).ConfigureAwait(false) is { } gateway)
                yield return gateway;
        }

        if (!isAny)
            reasons.Add("no UPnP gateway answered");
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<(Uri, IPAddress)> devices, List<string> reasons)
    {
        try
        {
            return await devices.MoveNextAsync().ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            reasons.Add($"the local network cannot be searched for UPnP gateways ({exception.Message})");
            return false;
        }
    }

    private async Task<UpnpGateway?> DiscoverAsync((Uri Location, IPAddress Client) device, List<string> reasons, CancellationToken cancellationToken)
    {
        try
        {
            return await UpnpGateway.DiscoverAsync(_http, device.Location, device.Client, cancellationToken).ConfigureAwait(false);
        }
        catch (GatewayException exception)
        {
            reasons.Add(exception.Message);
            return null;
        }
    }

    /// <summary>Maps the port for TCP, and for UDP under the same number; another external port is accepted only if ours is taken.</summary>
    private async Task<TimeSpan> MapAsync(IPortGateway gateway, CancellationToken cancellationToken)
    {
        int external = ExternalPort;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                MappedPort tcp = await gateway.MapAsync(new PortRequest(ProtocolType.Tcp, _port, external), cancellationToken).ConfigureAwait(false);
                MappedPort? udp = _hasUdp ? await gateway.MapAsync(new PortRequest(ProtocolType.Udp, _port, tcp.External), cancellationToken).ConfigureAwait(false) : null;
                Tell(gateway, tcp, udp);
                Report(tcp.External);
                return udp is { } other && other.Lifetime < tcp.Lifetime ? other.Lifetime : tcp.Lifetime;
            }
            catch (GatewayException exception) when (exception.Code == UpnpGateway.Conflict && attempt < Attempts)
            {
                external = RandomNumberGenerator.GetInt32(FirstDynamicPort, IPEndPoint.MaxPort + 1);
            }
        }
    }

    private void Tell(IPortGateway gateway, MappedPort tcp, MappedPort? udp)
    {
        if (_external == tcp.External)
            return; // only a renewal
        string address = gateway.ExternalAddress is { } own ? $" of {own}" : "";
        string also = udp is not { } other ? "" : other.External == tcp.External ? " and UDP" : $", and UDP port {other.External},";
        _options.Log?.Invoke($"Port mapping: the {gateway.Name} passes TCP{also} port {tcp.External}{address} on to port {_port}");
        if (gateway.ExternalAddress is { } outer && AddressRules.ReachOf(outer) != AddressReach.World)
            _options.Log?.Invoke($"Port mapping: {outer} is itself behind another gateway, so that peers in the Internet may not reach us all the same");
    }
}
