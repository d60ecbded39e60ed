using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm;

/// <summary>What all torrents of a client share.</summary>
internal sealed class SwarmServices : IAsyncDisposable
{
    public SwarmServices(TorrentClientOptions options, DiscoveryServices discoveries)
    {
        Options = options;
        Discoveries = discoveries;
        Pool = new SegmentPool(options.BufferLimit);
        Disk = new DiskQueue(Math.Clamp(Environment.ProcessorCount, 2, 8));
        Connector = new PeerConnector(options.MaxHalfOpen, options.MaxConnections);
        Incoming = new IncomingPeers(Connector, options);
    }

    public TorrentClientOptions Options { get; }

    public DiscoveryServices Discoveries { get; }

    public SegmentPool Pool { get; }

    public DiskQueue Disk { get; }

    public PeerConnector Connector { get; }

    public IncomingPeers Incoming { get; }

    public async ValueTask DisposeAsync()
    {
        await Incoming.DisposeAsync().ConfigureAwait(false);
        Disk.Dispose();
        Connector.Dispose();
    }
}
