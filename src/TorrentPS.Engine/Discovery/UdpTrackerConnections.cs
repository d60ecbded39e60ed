using System.Net;

namespace TorrentPS.Engine.Discovery;

/// <summary>The UDP trackers' addresses that a client talks to. Safe for use from several threads.</summary>
internal sealed class UdpTrackerConnections(TimeProvider timeProvider, Func<IPEndPoint, IDatagramSocket> open) : IDisposable
{
    // Above this many, those that are closed are let go: torrents could name addresses without end.
    private const int KeptClosed = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPEndPoint, UdpTrackerConnection> _connections = [];

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider => timeProvider;

    public UdpTrackerConnection Get(IPEndPoint endPoint)
    {
        lock (_lock)
        {
            if (_connections.TryGetValue(endPoint, out UdpTrackerConnection? connection))
                return connection;
            if (_connections.Count >= KeptClosed)
                LetGo();
            connection = new UdpTrackerConnection(endPoint, open, timeProvider);
            _connections.Add(endPoint, connection);
            return connection;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (UdpTrackerConnection connection in _connections.Values)
                connection.Dispose();
            _connections.Clear();
        }
    }

    private void LetGo()
    {
        foreach ((IPEndPoint endPoint, UdpTrackerConnection connection) in _connections)
        {
            if (connection.IsClosed)
                _connections.Remove(endPoint);
        }
    }
}
