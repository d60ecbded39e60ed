using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery;

/// <summary>An HTTP tracker for a local network, a demonstration or a test: announce and scrape, compact and dictionary peers, IPv4 and IPv6 (BEP 3, 7, 23, 24, 48).</summary>
/// <remarks>Safe to use from several threads.</remarks>
public sealed class TrackerServer : IAsyncDisposable
{
    // On a socket: HttpListener needs rights for its addresses on Windows and has no limits of time; ASP.NET is not in every host of the module.
    private readonly Socket _listener;
    private readonly TrackerServerOptions _options;
    private readonly TrackerService _service;
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<Task, byte> _connections = [];
    private readonly ITimer _forgetting;
    private readonly Task _accepting;
    private int _connectionCount;

    private TrackerServer(Socket listener, TrackerServerOptions options)
    {
        (_listener, _options, _service) = (listener, options, new TrackerService(options));
        EndPoint = (IPEndPoint)listener.LocalEndPoint!;
        _forgetting = options.TimeProvider.CreateTimer(static state => ((TrackerService)state!).Forget(), _service, options.Interval, options.Interval);
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The announce address to put into a torrent; that of this machine alone when it listens on every address.</summary>
    public Uri AnnounceUri
    {
        get
        {
            IPAddress address = EndPoint.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
                : EndPoint.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : EndPoint.Address;
            return new UriBuilder("http", address.ToString(), EndPoint.Port, "/announce").Uri;
        }
    }

    /// <summary>How many announces it has answered.</summary>
    public long Announces => _service.Announces;

    /// <summary>How many scrapes it has answered.</summary>
    public long Scrapes => _service.Scrapes;

    /// <summary>How many torrents have peers now.</summary>
    public int TorrentCount => _service.Counts.Torrents;

    /// <summary>How many peers there are now, over all torrents.</summary>
    public int PeerCount => _service.Counts.Peers;

    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">The address and port; port 0 takes any free one, and <see cref="IPAddress.IPv6Any"/> listens for IPv4, too.</param>
    /// <param name="options">How it behaves; null means the defaults.</param>
    /// <exception cref="SocketException">It cannot listen there: the port is taken, or the address is not of this machine.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static TrackerServer Start(IPEndPoint endPoint, TrackerServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        options ??= new TrackerServerOptions();
        Check(options);
        var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
                listener.DualMode = true;
            listener.Bind(endPoint);
            listener.Listen(512);
            return new TrackerServer(listener, options);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Stops to listen and closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _forgetting.DisposeAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_connections.Keys).ConfigureAwait(false);
    }

    private static void Check(TrackerServerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Interval, TimeSpan.FromSeconds(1), nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Interval, TimeSpan.FromDays(1), nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MinInterval, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MinInterval, options.Interval, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxTorrents, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPeersPerTorrent, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxPeersPerAnswer, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxPeersPerAnswer, PeerCollector.MaxPeers, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxConnections, 1, nameof(options));
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_ending.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A client that gave up while it waited, or too many open files: neither is a reason to stop, nor to spin.
                await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None).ConfigureAwait(false);
                continue;
            }
            if (Interlocked.Increment(ref _connectionCount) > _options.MaxConnections)
            {
                Interlocked.Decrement(ref _connectionCount);
                socket.Dispose();
                continue;
            }
            Task connection = ServeAsync(socket);
            _connections.TryAdd(connection, 0);
            _ = connection.ContinueWith(static (task, state) => ((ConcurrentDictionary<Task, byte>)state!).TryRemove(task, out _),
                _connections, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            socket.NoDelay = true;
            await new TrackerConnection(socket, _service, _options.TimeProvider).RunAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away, or was too slow.
        }
        finally
        {
            socket.Dispose();
            Interlocked.Decrement(ref _connectionCount);
        }
    }
}
