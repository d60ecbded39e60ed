using System.Net;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Gateways;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine;

/// <summary>The options for everything that a <see cref="TorrentClient"/> does.</summary>
public sealed record TorrentClientOptions
{
    /// <summary>
    /// The port for incoming peer connections, TCP and uTP (UDP), 1 to 65535; 0 selects any free one. A port in use is replaced by a free one, unless <see
    /// cref="RequirePort"/> is set. All torrents share it, except those with their own <see cref="DownloadOptions.Port"/>.
    /// </summary>
    public int Port { get; init; } = 6881;

    /// <summary>Whether it is an error if <see cref="Port"/> is in use.</summary>
    public bool RequirePort { get; init; }

    /// <summary>The maximum number of connections of all torrents, 1 to 10000. Each torrent gets its share, even if others started earlier.</summary>
    public int MaxConnections { get; init; } = 500;

    /// <summary>The maximum number of connections being made, 1 to 1000.</summary>
    public int MaxHalfOpen { get; init; } = 250;

    /// <summary>The maximum number of connection attempts per second of all torrents, 1 to 1000; some more at the start.</summary>
    public int ConnectionsPerSecond { get; init; } = 30;

    /// <summary>
    /// Whether to find peers in the local network, and to announce downloads and seeds there (BEP 14). True unless the host of the program has set the switch
    /// <c>TorrentPS.DisableLocalDiscovery</c> (<see cref="AppContext.SetSwitch"/>).
    /// </summary>
    public bool LocalDiscovery { get; init; } = !(AppContext.TryGetSwitch("TorrentPS.DisableLocalDiscovery", out bool isDisabled) && isDisabled);

    /// <summary>
    /// Whether to contact trackers wherever they lead into the local network: link-local addresses, Internet names that resolve to local addresses, paths that are not a
    /// tracker's, and redirects from the Internet. Without it, trackers in the local network are contacted by their address or a local name. Null means the value of the
    /// environment variable <c>TORRENTPS_ALLOW_PRIVATE_TRACKERS</c>.
    /// </summary>
    public bool? AllowPrivateTrackers { get; init; }

    /// <summary>Whether connections to peers are encrypted, unless <see cref="DownloadOptions.Encryption"/> is set.</summary>
    public EncryptionMode Encryption { get; init; } = EncryptionMode.Prefer;

    /// <summary>The transport for connections to peers, unless <see cref="DownloadOptions.Transport"/> is set.</summary>
    public PeerTransport Transport { get; init; }

    /// <summary>
    /// The proxy for all connections; null means none. With a proxy, host names are resolved by it, and traffic that cannot use it is disabled: the DHT, local discovery,
    /// uTP, incoming peer connections, and UDP trackers, unless a SOCKS5 proxy supports UDP. Peers given by name are refused.
    /// </summary>
    public ProxyServer? Proxy { get; init; }

    /// <summary>
    /// Whether to ask the gateway of the local network, by PCP, NAT-PMP or UPnP, to forward the listening port, TCP and UDP. The mapping is renewed, and removed at the
    /// end. If no gateway maps it, <see cref="OnWarning"/> says so, and everything continues without. IPv4 only.
    /// </summary>
    public bool MapPorts { get; init; }

    /// <summary>The only address or interface of this machine to use, for sending and listening; null leaves that to the system.</summary>
    public NetworkBinding? Binding { get; init; }

    /// <summary>The addresses blocked as peers and as DHT nodes; null blocks none.</summary>
    public IPFilter? IPFilter { get; init; }

    /// <summary>The only addresses used as peers and DHT nodes, to connect to and to accept; null allows all that <see cref="IPFilter"/> does not block.</summary>
    public AllowedAddresses? AllowedAddresses { get; init; }

    /// <summary>The address of one machine for trackers to list in place of the source address of announces; null announces none. Many trackers ignore it.</summary>
    public IPAddress? AnnounceAddress { get; init; }

    /// <summary>
    /// The traffic class of packets to peers, web seeds, trackers and DHT nodes, over TCP and UDP; null leaves them unmarked. If the system refuses, <see
    /// cref="OnWarning"/> reports it, and packets stay unmarked.
    /// </summary>
    public TrafficClass? TrafficClass { get; init; }

    /// <summary>The maximum size of piece buffers in bytes; when they are used up, sockets are not read until the disk has caught up.</summary>
    public long BufferLimit { get; init; } = 48L << 20;

    /// <summary>The maximum download rate of all torrents together; null or 0 means no limit. Each waiting torrent gets the same share.</summary>
    public RateLimit? DownloadLimit { get; init; }

    /// <summary>The maximum upload rate of all torrents together; null or 0 means no limit. Each waiting torrent gets the same share.</summary>
    public RateLimit? UploadLimit { get; init; }

    /// <summary>
    /// The folder for the state kept between runs: known DHT nodes, data found complete by earlier seeds, and the location of complete torrents. Null keeps nothing. <see
    /// cref="UserStateFolder"/> is the usual place.
    /// </summary>
    public string? StateFolder { get; init; }

    /// <summary>
    /// The user's state folder of this program: <c>TORRENTPS_STATE</c> if set, otherwise <c>torrentps</c> below <c>XDG_STATE_HOME</c> or <c>~/.local/state</c>, or on
    /// Windows and macOS <c>TorrentPS</c> below the local application data. Null if there is no such place.
    /// </summary>
    public static string? UserStateFolder => Storage.Files.StateFolder.OfUser();

    /// <summary>Whether the DHT (BEP 5) may be used for torrents that are not private. It is started on first use.</summary>
    public bool DhtEnabled { get; init; } = true;

    /// <summary>
    /// The bootstrap nodes of the DHT, as HOST:PORT or [IPv6]:PORT; any of them may be down. Empty disables the DHT. <see cref="PublicDhtNodes"/> are those of the public
    /// DHT. A local address means a private DHT, in which local addresses are allowed.
    /// </summary>
    public IReadOnlyList<string> DhtBootstrap { get; init; } = [];

    /// <summary>Whether the DHT node only sends queries, and answers none (BEP 43). That is always so while nothing is downloaded or seeded.</summary>
    public bool DhtReadOnly { get; init; }

    /// <summary>
    /// The bootstrap nodes of the public DHT: well-known ones, or those of the environment variable <c>TORRENTPS_DHT_NODES</c>, a comma-separated list of HOST:PORT, or
    /// <c>none</c>.
    /// </summary>
    public static IReadOnlyList<string> PublicDhtNodes => Discovery.Dht.DhtBootstrap.OfUser();

    /// <summary>Returns how near the addresses of trackers, web seeds and .torrent files are; null for the real rule.</summary>
    internal Func<IPAddress, AddressReach>? ReachOf { get; init; }

    /// <summary>Where to look for gateways; null for the real places.</summary>
    internal PortMapperOptions? Gateways { get; init; }

    /// <summary>The time limit for notifying trackers of a stop; null for the default.</summary>
    internal TimeSpan? StopLimit { get; init; }

    /// <summary>Connects to peers; null for the network.</summary>
    internal Func<IPEndPoint, CancellationToken, Task<PeerStream>>? Connect { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Receives warnings about settings that could not be applied, while everything continues without them; called from any thread.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Receives log lines that help when a download is slow; called from any thread.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>The route of all connections.</summary>
    internal NetworkRoute Route() => new(Proxy, Filter, Binding, TrafficClass);

    /// <summary>The filter of addresses that are neither connected to nor accepted; null blocks none.</summary>
    internal IPFilter? Filter => IPFilter.Of(IPFilter, AllowedAddresses);

    /// <summary>The options for swarms.</summary>
    internal SwarmOptions ForSwarms() => new()
    {
        Route = Route(),
        Port = Port,
        RequirePort = RequirePort,
        MapPorts = MapPorts,
        Gateways = Gateways ?? new PortMapperOptions(),
        HasDht = DhtEnabled,
        MaxConnections = MaxConnections,
        MaxHalfOpen = MaxHalfOpen,
        ConnectionsPerSecond = ConnectionsPerSecond,
        Encryption = Encryption,
        Transport = Transport,
        BufferLimit = BufferLimit,
        DownloadLimit = DownloadLimit,
        UploadLimit = UploadLimit,
        StateFolder = StateFolder,
        ReachOf = ReachOf,
        Connect = Connect,
        TimeProvider = TimeProvider,
        OnWarning = OnWarning,
        Log = Log,
    };

    /// <summary>The options for the DHT.</summary>
    internal DhtOptions ForDht() => new()
    {
        Port = Port,
        Bootstrap = DhtBootstrap,
        IsReadOnly = DhtReadOnly,
        StateFolder = StateFolder,
        IPFilter = Filter,
        TimeProvider = TimeProvider,
        Log = Log,
    };
}
