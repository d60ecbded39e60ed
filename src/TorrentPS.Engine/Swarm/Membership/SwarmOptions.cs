using System.Net;
using TorrentPS.Engine.Gateways;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>The options of a client that concern swarms.</summary>
internal sealed record SwarmOptions
{
    /// <summary>The route of all connections.</summary>
    public NetworkRoute Route { get; init; } = NetworkRoute.Direct;

    /// <summary>The port to listen on; 0 selects any free one.</summary>
    public int Port { get; init; }

    /// <summary>Whether a port in use is an error.</summary>
    public bool RequirePort { get; init; }

    /// <summary>Whether to map the port.</summary>
    public bool MapPorts { get; init; }

    /// <summary>How to find and ask gateways.</summary>
    public PortMapperOptions Gateways { get; init; } = new();

    /// <summary>Whether the DHT uses the port, too.</summary>
    public bool HasDht { get; init; }

    /// <summary>The maximum number of connections of all torrents.</summary>
    public int MaxConnections { get; init; } = 500;

    /// <summary>The maximum number of connections being made.</summary>
    public int MaxHalfOpen { get; init; } = 250;

    /// <summary>The maximum number of connection attempts per second.</summary>
    public int ConnectionsPerSecond { get; init; } = 30;

    /// <summary>Whether connections are encrypted, unless a torrent has its own setting.</summary>
    public EncryptionMode Encryption { get; init; } = EncryptionMode.Prefer;

    /// <summary>The transport, unless a torrent has its own setting.</summary>
    public PeerTransport Transport { get; init; }

    /// <summary>The maximum size of piece buffers, in bytes.</summary>
    public long BufferLimit { get; init; } = 48L << 20;

    /// <summary>The maximum download rate of all torrents together; null means no limit.</summary>
    public RateLimit? DownloadLimit { get; init; }

    /// <summary>The maximum upload rate of all torrents together; null means no limit.</summary>
    public RateLimit? UploadLimit { get; init; }

    /// <summary>The folder for data kept between runs; null for none.</summary>
    public string? StateFolder { get; init; }

    /// <summary>Returns how near the addresses of web seeds are; null for the real rule.</summary>
    public Func<IPAddress, AddressReach>? ReachOf { get; init; }

    /// <summary>Connects to peers; null for the network.</summary>
    public Func<IPEndPoint, CancellationToken, Task<PeerStream>>? Connect { get; init; }

    /// <summary>Creates the storage of a torrent; null for files.</summary>
    public Func<StorageRequest, IPieceStorage>? OpenStorage { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Receives warnings about settings that could not be applied; called from any thread.</summary>
    public Action<string>? OnWarning { get; init; }

    public Action<string>? Log { get; init; }
}
