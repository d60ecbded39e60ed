using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Trackers;

/// <summary>The UDP trackers' addresses, or names where a proxy looks them up, that a client talks to. Safe for use from several threads.</summary>
internal sealed class UdpTrackerConnections(TimeProvider timeProvider, Func<EndPoint, IDatagramSocket> open) : IDisposable
{
    // Above this many, those that are closed are let go: torrents could name addresses without end.
    private const int KeptClosed = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<EndPoint, UdpTrackerConnection> _connections = [];

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider => timeProvider;

    public UdpTrackerConnection Get(EndPoint endPoint)
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
        foreach ((EndPoint endPoint, UdpTrackerConnection connection) in _connections)
        {
            if (connection.IsClosed)
                _connections.Remove(endPoint);
        }
    }
}
