using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>
/// A tracker for a local network, a demonstration or a test: announce and scrape by HTTP and UDP on the same port, compact and dictionary
/// peers, IPv4 and IPv6 (BEP 3, 7, 15, 23, 24, 41, 48).
/// </summary>
/// <remarks>
/// Thread-safe. Peers are kept in memory only. A UDP client accepts answers only from the address that it contacted: if the tracker listens on every address of a machine
/// with several, the system chooses the source address.
/// </remarks>
public sealed class TrackerServer : IAsyncDisposable
{
    private const int Backlog = 512;

    // A port that is free for TCP may be in use for UDP.
    private const int MaxPortTries = 32;

    private static readonly TimeSpan s_longestSweep = TimeSpan.FromMinutes(1);

    private readonly TrackerSwarms _swarms;
    private readonly TrackerCounters _counters = new();
    private readonly TrackerHttpListener? _http;
    private readonly TrackerUdpListener? _udp;
    private readonly ITimer _forgetting;

    private TrackerServer(Socket? tcp, Socket? udp, TrackerServerOptions options)
    {
        EndPoint = (IPEndPoint)(tcp ?? udp)!.LocalEndPoint!;
        _swarms = new TrackerSwarms(options);
        if (tcp is not null)
            _http = new TrackerHttpListener(tcp, options, new TrackerHttpService(options, _swarms, _counters));
        if (udp is not null)
            _udp = new TrackerUdpListener(udp, new TrackerUdpService(options, _swarms, _counters), options.Log);
        TimeSpan sweep = options.Interval < s_longestSweep ? options.Interval : s_longestSweep;
        _forgetting = options.TimeProvider.CreateTimer(static state => ((TrackerSwarms)state!).Forget(), _swarms, sweep, sweep);
    }

    /// <summary>The address and port that it listens on.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>
    /// The announce address to put into a torrent: for HTTP, or for UDP if HTTP is off. For this machine only, if the tracker listens on every address.
    /// </summary>
    public Uri AnnounceUri => Announce(_http is not null ? "http" : "udp");

    /// <summary>The announce address for UDP; null if UDP is off.</summary>
    public Uri? UdpAnnounceUri => _udp is not null ? Announce("udp") : null;

    /// <summary>The number of announces answered.</summary>
    public long Announces => _counters.Announces;

    /// <summary>The number of scrapes answered.</summary>
    public long Scrapes => _counters.Scrapes;

    /// <summary>The number of torrents with peers.</summary>
    public int TorrentCount => _swarms.Counts.Torrents;

    /// <summary>The number of peers in all torrents.</summary>
    public int PeerCount => _swarms.Counts.Peers;

    /// <summary>Starts listening.</summary>
    /// <param name="endPoint">The address and port; port 0 selects one that is free for both protocols, and <see cref="IPAddress.IPv6Any"/> listens for IPv4,
    /// too.</param>
    /// <param name="options">The options; null means the defaults.</param>
    /// <exception cref="SocketException">The port is in use, or the address does not belong to this machine.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="ArgumentException">Both protocols are off.</exception>
    public static TrackerServer Start(IPEndPoint endPoint, TrackerServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        options ??= new TrackerServerOptions();
        Check(options);
        for (int tries = 1; ; tries++)
        {
            Socket? tcp = null;
            Socket? udp = null;
            try
            {
                tcp = options.Http ? Listen(endPoint, SocketType.Stream, ProtocolType.Tcp) : null;
                udp = options.Udp ? Listen(tcp is null ? endPoint : (IPEndPoint)tcp.LocalEndPoint!, SocketType.Dgram, ProtocolType.Udp) : null;
                return new TrackerServer(tcp, udp, options);
            }
            catch (SocketException) when (endPoint.Port == 0 && tcp is not null && tries < MaxPortTries)
            {
                tcp.Dispose();
            }
            catch
            {
                tcp?.Dispose();
                udp?.Dispose();
                throw;
            }
        }
    }

    /// <summary>Stops listening and closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _forgetting.DisposeAsync().ConfigureAwait(false);
        if (_http is not null)
            await _http.DisposeAsync().ConfigureAwait(false);
        if (_udp is not null)
            await _udp.DisposeAsync().ConfigureAwait(false);
    }

    private static Socket Listen(IPEndPoint endPoint, SocketType type, ProtocolType protocol)
    {
        Socket socket = ListeningSocket.Bind(endPoint, type, protocol);
        try
        {
            if (type == SocketType.Stream)
                socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Check(TrackerServerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Interval, TimeSpan.FromSeconds(1), nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Interval, TimeSpan.FromDays(1), nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MinInterval, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MinInterval, options.Interval, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxTorrents, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPeersPerTorrent, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPeers, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxPeersPerAnswer, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxPeersPerAnswer, PeerCollector.MaxPeers, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxConnections, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxConnectionsPerAddress, 1, nameof(options));
        if (!options.Http && !options.Udp)
            throw new ArgumentException("A tracker needs a protocol: HTTP, UDP or both.", nameof(options));
    }

    private Uri Announce(string scheme)
    {
        IPAddress address = EndPoint.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : EndPoint.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : EndPoint.Address;
        return new UriBuilder(scheme, address.ToString(), EndPoint.Port, "/announce").Uri;
    }
}
