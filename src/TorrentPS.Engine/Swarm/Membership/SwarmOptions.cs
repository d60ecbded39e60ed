using System.Net;
using TorrentPS.Engine.Gateways;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>What holds for all torrents of a client, as far as swarms are concerned with it.</summary>
internal sealed record SwarmOptions
{
    /// <summary>How connections get to where they go, and from where.</summary>
    public NetworkRoute Route { get; init; } = NetworkRoute.Direct;

    /// <summary>The port that is listened on; 0 takes any free one.</summary>
    public int Port { get; init; }

    /// <summary>Whether it is an error that the port is taken.</summary>
    public bool RequirePort { get; init; }

    /// <summary>Whether the gateway of the local network is asked to pass connections on.</summary>
    public bool MapPorts { get; init; }

    /// <summary>How it is found and asked.</summary>
    public PortMapperOptions Gateways { get; init; } = new();

    /// <summary>Whether the DHT has packets come to the port, too.</summary>
    public bool HasDht { get; init; }

    /// <summary>Connections at once over all torrents.</summary>
    public int MaxConnections { get; init; } = 500;

    /// <summary>Connections being made at once.</summary>
    public int MaxHalfOpen { get; init; } = 250;

    /// <summary>Connections begun a second.</summary>
    public int ConnectionsPerSecond { get; init; } = 30;

    /// <summary>Whether connections are encrypted, where a torrent does not say otherwise.</summary>
    public EncryptionMode Encryption { get; init; } = EncryptionMode.Prefer;

    /// <summary>What connections go over, where a torrent does not say otherwise.</summary>
    public PeerTransport Transport { get; init; }

    /// <summary>Bytes of piece buffers at once.</summary>
    public long BufferLimit { get; init; } = 48L << 20;

    /// <summary>Bytes a second that all torrents together receive at most; null means no limit.</summary>
    public RateLimit? DownloadLimit { get; init; }

    /// <summary>Bytes a second that all torrents together send at most; null means no limit.</summary>
    public RateLimit? UploadLimit { get; init; }

    /// <summary>Where what is worth keeping between runs is; null keeps nothing.</summary>
    public string? StateFolder { get; init; }

    /// <summary>How near the addresses of web seeds are; null for what they are.</summary>
    public Func<IPAddress, AddressReach>? ReachOf { get; init; }

    /// <summary>What connects to peers; null for the network.</summary>
    public Func<IPEndPoint, CancellationToken, Task<PeerStream>>? Connect { get; init; }

    /// <summary>Where the pieces of a torrent are kept; null for files.</summary>
    public Func<StorageRequest, IPieceStorage>? OpenStorage { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Gets a sentence for what was asked for and could not be had; called from any thread.</summary>
    public Action<string>? OnWarning { get; init; }

    public Action<string>? Log { get; init; }
}
