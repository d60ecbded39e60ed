using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>The options for resolving a magnet link.</summary>
public sealed record ResolveOptions
{
    /// <summary>The default time limit.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(3);

    /// <summary>Peers to connect to, in addition to those in the link and those found.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    /// <summary>Peers to connect to by host name, resolved in the background.</summary>
    public IReadOnlyList<DnsEndPoint> PeerNames { get; init; } = [];

    /// <summary>Receives errors that do not end the search, such as a host name that cannot be resolved; called from any thread.</summary>
    public Action<Errors.TorrentException>? OnError { get; init; }

    /// <summary>Receives warnings about missing parts of the result, such as the piece layers of a version 2 torrent; called from any thread.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>The discovery sources to use; null means all.</summary>
    public IReadOnlyCollection<PeerSource>? Sources { get; init; }

    /// <summary>The TCP port for incoming peer connections, as for a download; null means the client's.</summary>
    public int? Port { get; init; }

    /// <summary>Whether connections to peers are encrypted; null means the client's mode.</summary>
    public EncryptionMode? Encryption { get; init; }

    /// <summary>The transport for connections to peers; null means the client's <see cref="TorrentClientOptions.Transport"/>.</summary>
    public PeerTransport? Transport { get; init; }

    /// <summary>Receives log lines, in place of <see cref="TorrentClientOptions.Log"/>; called from any thread.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>The maximum number of connected peers, 1 to 10000.</summary>
    public int MaxPeers { get; init; } = 60;

    /// <summary>The time limit, after which it fails with <see cref="Errors.TorrentErrorId.MetadataTimedOut"/>; null means never.</summary>
    public TimeSpan? Timeout { get; init; } = DefaultTimeout;

    /// <summary>The time without a new piece of metadata after which it fails with <see cref="Errors.TorrentErrorId.MetadataTimedOut"/>; null means never.</summary>
    public TimeSpan? StallTimeout { get; init; }
}
