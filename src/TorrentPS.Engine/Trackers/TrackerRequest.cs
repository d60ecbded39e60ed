using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Engine.Trackers;

/// <summary>An announce received by a <see cref="TrackerServer"/> (BEP 3, "trackers").</summary>
public sealed record TrackerRequest
{
    /// <summary>The torrent.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>The client's peer id, 20 bytes.</summary>
    public required ReadOnlyMemory<byte> PeerId { get; init; }

    /// <summary>The address at which other peers reach the client.</summary>
    public required IPEndPoint EndPoint { get; init; }

    /// <summary>The number of bytes sent since the client started.</summary>
    public long Uploaded { get; init; }

    /// <summary>The number of bytes received since the client started.</summary>
    public long Downloaded { get; init; }

    /// <summary>The number of bytes that the client still lacks; null if not given.</summary>
    public long? Left { get; init; }

    /// <summary>The event of the announce.</summary>
    public AnnounceEvent Event { get; init; }

    /// <summary>The number of peers requested; null if not given.</summary>
    public int? NumWant { get; init; }

    /// <summary>Whether the client supports compact peers (BEP 23), which is the default.</summary>
    public bool IsCompact { get; init; } = true;

    /// <summary>Whether the client needs no peer ids.</summary>
    public bool NoPeerId { get; init; }

    /// <summary>Whether the announce arrived by UDP (BEP 15).</summary>
    public bool IsUdp { get; init; }

    /// <summary>The path and query of the announce address as received; by UDP if the client sends them (BEP 41), otherwise empty.</summary>
    public string Target { get; init; } = "";
}
