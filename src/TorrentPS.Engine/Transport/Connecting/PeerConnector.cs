using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Transport.Connecting;

/// <summary>Connects to peers, within the client's limits on connections and half-open connections.</summary>
internal sealed class PeerConnector : IDisposable
{
    private const int PartKept = 8;

    private readonly SemaphoreSlim _halfOpen;
    private readonly int _maxConnections;
    private int _connections;
    private int _torrents;
    private readonly NetworkRoute _route;
    private readonly Func<IPEndPoint, CancellationToken, Task<PeerStream>>? _connect;

    /// <param name="maxHalfOpen">The maximum number of half-open connections.</param>
    /// <param name="maxConnections">The maximum number of connections.</param>
    /// <param name="route">The route of all connections.</param>
    /// <param name="connect">Replaces the network; null for the real one.</param>
    public PeerConnector(int maxHalfOpen, int maxConnections, NetworkRoute? route = null, Func<IPEndPoint, CancellationToken, Task<PeerStream>>? connect = null)
    {
        _connect = connect;
        _route = route ?? NetworkRoute.Direct;
        _halfOpen = new SemaphoreSlim(maxHalfOpen, maxHalfOpen);
        _maxConnections = maxConnections;
    }

    /// <summary>The share of each torrent when not all demands for connections can be met.</summary>
    public int FairShare => Math.Max(1, _maxConnections / Math.Max(1, Volatile.Read(ref _torrents)));

    /// <summary>Whether there are more connections than the limit, because new torrents took their share. Torrents above theirs should close some.</summary>
    public bool IsCrowded => Volatile.Read(ref _connections) > _maxConnections;

    public void AddTorrent() => Interlocked.Increment(ref _torrents);

    public void RemoveTorrent() => Interlocked.Decrement(ref _torrents);

    /// <summary>Reserves one of the client's connections; false if all are taken. Each is returned by <see cref="Release"/>.</summary>
    /// <param name="held">The number of connections of the torrent: below its share, it gets another in any case.</param>
    /// <param name="isIncoming">Whether it is for an incoming connection. These cannot take all: some are left for outgoing ones.</param>
    public bool TryReserve(int held, bool isIncoming)
    {
        int share = FairShare, kept = isIncoming ? share / PartKept : 0;
        if (Interlocked.Increment(ref _connections) <= _maxConnections - kept || held < share - kept)
            return true;
        Interlocked.Decrement(ref _connections);
        return false;
    }

    public void Release() => Interlocked.Decrement(ref _connections);

    /// <summary>Connects, after waiting for a free half-open place, which does not count towards the time limit.</summary>
    /// <exception cref="SocketException">The connection failed.</exception>
    /// <exception cref="OperationCanceledException">The time limit passed, or the token was cancelled.</exception>
    public async Task<PeerStream> ConnectAsync(IPEndPoint endPoint, PeerTransport transport, UtpHost? utp, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        await _halfOpen.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var timeout = new CancellationTokenSource(limit, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            return await (_connect?.Invoke(endPoint, both.Token) ?? TransportRace.ConnectAsync(endPoint, transport, utp, _route, time, both.Token)).ConfigureAwait(false);
        }
        finally
        {
            _halfOpen.Release();
        }
    }

    /// <summary>Connects over TCP without the limit on half-open connections, for a caller with its own limit.</summary>
    public static async Task<PeerStream> ConnectNowAsync(IPEndPoint endPoint, NetworkRoute route, CancellationToken cancellationToken)
    {
        route.ThrowIfBlocked(endPoint);
        Socket socket = await route.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
        try
        {
            return new TcpPeerStream(socket, isOutgoing: true, route.Proxy is null ? null : endPoint);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _halfOpen.Dispose();
}
