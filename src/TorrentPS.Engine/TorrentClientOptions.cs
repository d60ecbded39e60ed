using System.Net;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Gateways;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine;

/// <summary>What holds for everything that a <see cref="TorrentClient"/> does.</summary>
public sealed record TorrentClientOptions
{
    /// <summary>
    /// The port that peers may connect to, by TCP and by uTP (UDP), 1 to 65535; 0 takes any free one. A port that is taken is replaced by a free one, unless
    /// <see cref="RequirePort"/>. All torrents share it, but those with a <see cref="DownloadOptions.Port"/> of their own.
    /// </summary>
    public int Port { get; init; } = 6881;

    /// <summary>Whether a taken <see cref="Port"/> is an error.</summary>
    public bool RequirePort { get; init; }

    /// <summary>Connections at once over all torrents, 1 to 10000. Each torrent gets its part of them, also when others came first.</summary>
    public int MaxConnections { get; init; } = 500;

    /// <summary>Connections being made at once, 1 to 1000.</summary>
    public int MaxHalfOpen { get; init; } = 250;

    /// <summary>Connections begun a second over all torrents, 1 to 1000; some more at the start.</summary>
    public int ConnectionsPerSecond { get; init; } = 30;

    /// <summary>
    /// Whether peers are looked for in the local network, and told of what is downloaded or seeded here (BEP 14). True unless the host of the
    /// program has set the switch <c>TorrentPS.DisableLocalDiscovery</c> (<see cref="AppContext.SetSwitch"/>).
    /// </summary>
    public bool LocalDiscovery { get; init; } = !(AppContext.TryGetSwitch("TorrentPS.DisableLocalDiscovery", out bool isDisabled) && isDisabled);

    /// <summary>
    /// Whether trackers are asked wherever they lead into the local network: link-local addresses, names of the Internet that resolve to local
    /// addresses, paths that are not a tracker's, and redirects from the Internet. Without it, trackers in the local network are asked by their
    /// address or a local name. Null means as the environment variable <c>TORRENTPS_ALLOW_PRIVATE_TRACKERS</c> says.
    /// </summary>
    public bool? AllowPrivateTrackers { get; init; }

    /// <summary>Whether connections to peers are encrypted, where <see cref="DownloadOptions.Encryption"/> does not say otherwise.</summary>
    public EncryptionMode Encryption { get; init; } = EncryptionMode.Prefer;

    /// <summary>What connections to peers go over, where <see cref="DownloadOptions.Transport"/> does not say otherwise.</summary>
    public PeerTransport Transport { get; init; }

    /// <summary>
    /// The proxy that connections go through; null means none. With one, names are left to it to look up, and what cannot go through it is off: the DHT,
    /// local discovery, uTP, peers that connect to us, and UDP trackers, unless a SOCKS5 proxy carries datagrams. Peers that are given by name are refused.
    /// </summary>
    public ProxyServer? Proxy { get; init; }

    /// <summary>
    /// Whether the gateway of the local network is asked to pass connections of peers on to the port that is listened on, for TCP and UDP: by PCP, NAT-PMP or UPnP. What
    /// was mapped is renewed, and taken back at the end. Where there is none that does, <see cref="OnWarning"/> says so, and all goes on without. For IPv4.
    /// </summary>
    public bool MapPorts { get; init; }

    /// <summary>The address or the interface of this machine that everything leaves by and that is listened on alone; null leaves that to the system.</summary>
    public NetworkBinding? Binding { get; init; }

    /// <summary>The addresses that are neither connected to nor let in, as peers and as nodes of the DHT; null blocks none.</summary>
    public IPFilter? IPFilter { get; init; }

    /// <summary>Bytes of piece buffers at once; when they are used up, sockets are not read until the disk has caught up.</summary>
    public long BufferLimit { get; init; } = 48L << 20;

    /// <summary>Bytes a second that all torrents together receive at most; null or 0 means no limit. Each torrent that waits gets the same share.</summary>
    public RateLimit? DownloadLimit { get; init; }

    /// <summary>Bytes a second that all torrents together send at most; null or 0 means no limit. Each torrent that waits gets the same share.</summary>
    public RateLimit? UploadLimit { get; init; }

    /// <summary>
    /// The folder for what is worth keeping between runs: the nodes of the DHT that are known, which data was found complete when it was last seeded, and where that of
    /// complete torrents is. Null keeps nothing.
    /// <see cref="UserStateFolder"/> is the place for it.
    /// </summary>
    public string? StateFolder { get; init; }

    /// <summary>
    /// The user's folder for the state of this program: <c>TORRENTPS_STATE</c> where that is set, else <c>torrentps</c> below <c>XDG_STATE_HOME</c> or
    /// <c>~/.local/state</c>, or on Windows and macOS <c>TorrentPS</c> below the local application data. Null where there is no such place.
    /// </summary>
    public static string? UserStateFolder => Storage.Files.StateFolder.OfUser();

    /// <summary>Whether the DHT (BEP 5) may be asked for the peers of torrents that are not private. It is started when it is first needed.</summary>
    public bool DhtEnabled { get; init; } = true;

    /// <summary>
    /// The nodes by which the DHT is entered, as HOST:PORT or [IPv6]:PORT; any of them may be dead. Empty means no DHT.
    /// <see cref="PublicDhtNodes"/> are those of the public DHT. Where one is a local address it is a private DHT, and local addresses are dealt with.
    /// </summary>
    public IReadOnlyList<string> DhtBootstrap { get; init; } = [];

    /// <summary>Whether the DHT is only asked, and answers nobody (BEP 43). It is so in any case while nothing is downloaded or seeded.</summary>
    public bool DhtReadOnly { get; init; }

    /// <summary>
    /// The nodes by which the public DHT is entered: well-known ones, or those of the environment variable <c>TORRENTPS_DHT_NODES</c>, a list of
    /// HOST:PORT with commas between them, or <c>none</c>.
    /// </summary>
    public static IReadOnlyList<string> PublicDhtNodes => Discovery.Dht.DhtBootstrap.OfUser();

    /// <summary>How near addresses are that trackers, web seeds and .torrent files are at; null for what they are.</summary>
    internal Func<IPAddress, AddressReach>? ReachOf { get; init; }

    /// <summary>Where gateways are looked for; null for where they are.</summary>
    internal PortMapperOptions? Gateways { get; init; }

    /// <summary>How long trackers have to hear that a torrent has stopped; null for the default.</summary>
    internal TimeSpan? StopLimit { get; init; }

    /// <summary>What connects to peers; null for the network.</summary>
    internal Func<IPEndPoint, CancellationToken, Task<PeerStream>>? Connect { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Gets a sentence for what was asked for and could not be had, while everything goes on without it; called from any thread.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Gets a line for each thing that a user might want to know when a download is slow; called from any thread.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>How connections get to where they go, and from where.</summary>
    internal NetworkRoute Route() => new(Proxy, IPFilter, Binding);

    /// <summary>What the swarms need of it.</summary>
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

    /// <summary>What the DHT needs of it.</summary>
    internal DhtOptions ForDht() => new()
    {
        Port = Port,
        Bootstrap = DhtBootstrap,
        IsReadOnly = DhtReadOnly,
        StateFolder = StateFolder,
        IPFilter = IPFilter,
        TimeProvider = TimeProvider,
        Log = Log,
    };
}
