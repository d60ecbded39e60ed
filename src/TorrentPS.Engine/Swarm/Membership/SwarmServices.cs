using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>What all torrents of a client share.</summary>
internal sealed class SwarmServices : IAsyncDisposable
{
    /// <summary>Connections that are begun at once when none were for a while: a torrent's first peers.</summary>
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
        Incoming = new IncomingPeers(Connector, options, ports ?? new UdpPorts(route.Filter, route.Binding, options.Log));
        Clock = new SwarmClock(options.TimeProvider);
        Http = new HttpFetch(options.TimeProvider, rules: new ReachRules(options.ReachOf), route: route);
    }

    /// <summary>What holds for all of them.</summary>
    public SwarmOptions Options { get; }

    public DiscoveryServices Discoveries { get; }

    public SegmentPool Pool { get; }

    public DiskQueue Disk { get; }

    public PeerConnector Connector { get; }

    /// <summary>How fast connections are begun.</summary>
    public ConnectPace Pace { get; }

    public IncomingPeers Incoming { get; }

    public SwarmClock Clock { get; }

    /// <summary>What web seeds are asked with.</summary>
    public HttpFetch Http { get; }

    public async ValueTask DisposeAsync()
    {
        await Incoming.DisposeAsync().ConfigureAwait(false);
        Clock.Dispose();
        Disk.Dispose();
        Connector.Dispose();
    }
}
