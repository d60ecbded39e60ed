using System.Net;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>How a magnet link is resolved.</summary>
public sealed record ResolveOptions
{
    /// <summary>How long it may take unless told otherwise.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(3);

    /// <summary>Peers to connect to besides those that the link names and those that are discovered.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    /// <summary>Peers to connect to by host name, looked up while everything else goes on.</summary>
    public IReadOnlyList<DnsEndPoint> PeerNames { get; init; } = [];

    /// <summary>Is told of what fails while others are asked, such as a peer's name that has no address; called from any thread.</summary>
    public Action<Errors.TorrentException>? OnError { get; init; }

    /// <summary>Is told of what the result is without, such as the piece layers of a version 2 torrent that no peer gave; called from any thread.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>The discoveries to use; null means all.</summary>
    public IReadOnlyCollection<PeerSource>? Sources { get; init; }

    /// <summary>The TCP port that peers may connect to, as for a download; null takes the client's.</summary>
    public int? Port { get; init; }

    /// <summary>Whether connections to peers are encrypted; null takes the client's mode.</summary>
    public EncryptionMode? Encryption { get; init; }

    /// <summary>What connections to peers go over; null takes the client's <see cref="TorrentClientOptions.Transport"/>.</summary>
    public PeerTransport? Transport { get; init; }

    /// <summary>Gets a line for each thing that a user might want to know when it is slow, in place of <see cref="TorrentClientOptions.Log"/>; called from any thread.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Peers connected at once, 1 to 10000.</summary>
    public int MaxPeers { get; init; } = 60;

    /// <summary>It fails with <see cref="Errors.TorrentErrorId.MetadataTimedOut"/> after this; null means never.</summary>
    public TimeSpan? Timeout { get; init; } = DefaultTimeout;

    /// <summary>It fails with <see cref="Errors.TorrentErrorId.MetadataTimedOut"/> after this long without a new piece of metadata; null means never.</summary>
    public TimeSpan? StallTimeout { get; init; }
}
