using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Transport.Connecting;

/// <summary>Connects to peers, within the client's limits on connections and on those being made.</summary>
internal sealed class PeerConnector : IDisposable
{
    private const int PartKept = 8;

    private readonly SemaphoreSlim _halfOpen;
    private readonly int _maxConnections;
    private int _connections;
    private int _torrents;
    private readonly NetworkRoute _route;
    private readonly Func<IPEndPoint, CancellationToken, Task<PeerStream>>? _connect;

    /// <param name="maxHalfOpen">Connections that are being made at once.</param>
    /// <param name="maxConnections">Connections at once.</param>
    /// <param name="route">How the network is reached.</param>
    /// <param name="connect">What connects instead of the network; null for that.</param>
    public PeerConnector(int maxHalfOpen, int maxConnections, NetworkRoute? route = null, Func<IPEndPoint, CancellationToken, Task<PeerStream>>? connect = null)
    {
        _connect = connect;
        _route = route ?? NetworkRoute.Direct;
        _halfOpen = new SemaphoreSlim(maxHalfOpen, maxHalfOpen);
        _maxConnections = maxConnections;
    }

    /// <summary>What each torrent may have when there are more who want connections than there are connections.</summary>
    public int FairShare => Math.Max(1, _maxConnections / Math.Max(1, Volatile.Read(ref _torrents)));

    /// <summary>Whether there are more connections than the limit: torrents that came late took their share. Those with more than theirs are to close some.</summary>
    public bool IsCrowded => Volatile.Read(ref _connections) > _maxConnections;

    public void AddTorrent() => Interlocked.Increment(ref _torrents);

    public void RemoveTorrent() => Interlocked.Decrement(ref _torrents);

    /// <summary>Takes one of the client's connections; false when all are taken. Each taken one is given back by <see cref="Release"/>.</summary>
    /// <param name="held">How many the torrent has: one with less than its share gets more in any case.</param>
    /// <param name="isIncoming">Whether it is for a peer that has connected to us. These cannot take all: however many come, some are left for the peers that we connect to.</param>
    public bool TryReserve(int held, bool isIncoming)
    {
        int share = FairShare, kept = isIncoming ? share / PartKept : 0;
        if (Interlocked.Increment(ref _connections) <= _maxConnections - kept || held < share - kept)
            return true;
        Interlocked.Decrement(ref _connections);
        return false;
    }

    public void Release() => Interlocked.Decrement(ref _connections);

    /// <summary>Connects, waiting first for a free half-open place, which the time limit does not count.</summary>
    /// <exception cref="SocketException">There is no connection to be had.</exception>
    /// <exception cref="OperationCanceledException">It took longer than the limit, or was cancelled.</exception>
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

    /// <summary>Connects over TCP without regard to the limits on half-open connections, for a caller that has its own.</summary>
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
