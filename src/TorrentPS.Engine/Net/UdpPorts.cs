using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Net;

/// <summary>The UDP ports of a client. Requests for the same number share a port: the DHT and uTP both use the number of the TCP port (BEP 29). Thread-safe.</summary>
/// <param name="filter">Blocked addresses; null for none.</param>
/// <param name="binding">The only address or interface to use; null for all.</param>
/// <param name="log">Receives errors that should not happen.</param>
/// <param name="trafficClass">The traffic class of packets; null leaves them unmarked.</param>
internal sealed class UdpPorts(IPFilter? filter = null, NetworkBinding? binding = null, Action<string>? log = null, TrafficClass? trafficClass = null)
{
    private readonly Lock _lock = new();
    private readonly List<Lease> _leases = [];

    /// <summary>Opens a port, or any free one if another program uses it.</summary>
    /// <param name="port">The port number; 0 selects any free port.</param>
    /// <exception cref="TorrentException">No port can be opened.</exception>
    public UdpPort Open(int port)
    {
        lock (_lock)
        {
            Lease? lease = port == 0 ? null : _leases.Find(one => one.Asked == port || one.Port.Port == port);
            if (lease is null)
                _leases.Add(lease = new Lease(UdpPort.Open(port, filter, binding, log, trafficClass), port));
            lease.Users++;
            return lease.Port;
        }
    }

    /// <summary>Closes a port when it is no longer used.</summary>
    public async ValueTask CloseAsync(UdpPort port)
    {
        lock (_lock)
        {
            Lease lease = _leases.Find(one => one.Port == port) ?? throw new ArgumentException("The port is not open.", nameof(port));
            if (--lease.Users > 0)
                return;
            _leases.Remove(lease);
        }

        await port.DisposeAsync().ConfigureAwait(false);
    }

    private sealed class Lease(UdpPort port, int asked)
    {
        public UdpPort Port { get; } = port;

        public int Asked { get; } = asked;

        public int Users { get; set; }
    }
}
