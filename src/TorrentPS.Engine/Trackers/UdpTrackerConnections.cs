using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Trackers;

/// <summary>The addresses of UDP trackers that a client uses, or names if a proxy resolves them. Thread-safe.</summary>
internal sealed class UdpTrackerConnections(TimeProvider timeProvider, Func<EndPoint, IDatagramSocket> open) : IDisposable
{
    // Above this number, closed ones are dropped: torrents could name any number of addresses.
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
