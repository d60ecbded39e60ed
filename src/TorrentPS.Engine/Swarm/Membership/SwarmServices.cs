using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>The services that all torrents of a client share.</summary>
internal sealed class SwarmServices : IAsyncDisposable
{
    /// <summary>The number of connections started at once after a pause: the first peers of a torrent.</summary>
    private const int ConnectBurst = 50;

    public SwarmServices(SwarmOptions options, DiscoveryServices discoveries, UdpPorts? ports = null)
    {
        Options = options;
        Discoveries = discoveries;
        Pool = new SegmentPool(options.BufferLimit);
        Disk = new DiskQueue(Math.Clamp(Environment.ProcessorCount, 2, 8));
        NetworkRoute route = options.Route;
        Connector = new PeerConnector(options.MaxHalfOpen, DescriptorLimit.Connections(options.MaxConnections), route, options.Connect);
        Pace = new ConnectPace(options.ConnectionsPerSecond, Math.Max(ConnectBurst, options.ConnectionsPerSecond), options.TimeProvider);
        Incoming = new IncomingPeers(Connector, options, ports ?? new UdpPorts(route.Filter, route.Binding, options.Log, route.TrafficClass));
        Clock = new SwarmClock(options.TimeProvider);
        Http = new HttpFetch(options.TimeProvider, rules: new ReachRules(options.ReachOf), route: route);
    }

    /// <summary>The options.</summary>
    public SwarmOptions Options { get; }

    public DiscoveryServices Discoveries { get; }

    public SegmentPool Pool { get; }

    public DiskQueue Disk { get; }

    public PeerConnector Connector { get; }

    /// <summary>Limits the rate of connection attempts.</summary>
    public ConnectPace Pace { get; }

    public IncomingPeers Incoming { get; }

    public SwarmClock Clock { get; }

    /// <summary>Sends requests to web seeds.</summary>
    public HttpFetch Http { get; }

    public async ValueTask DisposeAsync()
    {
        await Incoming.DisposeAsync().ConfigureAwait(false);
        Clock.Dispose();
        Disk.Dispose();
        Connector.Dispose();
    }
}
