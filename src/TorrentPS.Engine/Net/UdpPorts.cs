using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Net;

/// <summary>The UDP ports of a client. Who asks for the same number gets the same port: the DHT and uTP share it, under the number of the TCP port (BEP 29). Safe for use from several threads.</summary>
/// <param name="filter">The addresses that nothing is sent to and nothing taken from; null for none.</param>
/// <param name="binding">Where they are opened alone; null means everywhere.</param>
/// <param name="log">Gets what happens that must not.</param>
internal sealed class UdpPorts(IPFilter? filter = null, NetworkBinding? binding = null, Action<string>? log = null)
{
    private readonly Lock _lock = new();
    private readonly List<Lease> _leases = [];

    /// <summary>Opens a port, or any free one when another program has it.</summary>
    /// <param name="port">The number; 0 takes any.</param>
    /// <exception cref="TorrentException">No port can be opened.</exception>
    public UdpPort Open(int port)
    {
        lock (_lock)
        {
            Lease? lease = port == 0 ? null : _leases.Find(one => one.Asked == port || one.Port.Port == port);
            if (lease is null)
                _leases.Add(lease = new Lease(UdpPort.Open(port, filter, binding, log), port));
            lease.Users++;
            return lease.Port;
        }
    }

    /// <summary>Closes a port when nobody else uses it.</summary>
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
