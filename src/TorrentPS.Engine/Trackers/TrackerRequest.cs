using System.Net;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Engine.Trackers;

/// <summary>An announce as a <see cref="TrackerServer"/> received it (BEP 3, "trackers").</summary>
public sealed record TrackerRequest
{
    /// <summary>The torrent.</summary>
    public required InfoHash InfoHash { get; init; }

    /// <summary>The client's peer id, 20 bytes.</summary>
    public required ReadOnlyMemory<byte> PeerId { get; init; }

    /// <summary>Where other peers can reach the client.</summary>
    public required IPEndPoint EndPoint { get; init; }

    /// <summary>Bytes it has sent since it started.</summary>
    public long Uploaded { get; init; }

    /// <summary>Bytes it has received since it started.</summary>
    public long Downloaded { get; init; }

    /// <summary>Bytes it still misses; null where it does not say.</summary>
    public long? Left { get; init; }

    /// <summary>Why it announces.</summary>
    public AnnounceEvent Event { get; init; }

    /// <summary>How many peers it asks for; null where it does not say.</summary>
    public int? NumWant { get; init; }

    /// <summary>Whether it understands compact peers (BEP 23); those that do not say are taken to.</summary>
    public bool IsCompact { get; init; } = true;

    /// <summary>Whether it has no use for peer ids.</summary>
    public bool NoPeerId { get; init; }

    /// <summary>Whether it came by UDP (BEP 15).</summary>
    public bool IsUdp { get; init; }

    /// <summary>The path and query of the announce address as they came; by UDP, where the client sends them (BEP 41), otherwise empty.</summary>
    public string Target { get; init; } = "";
}
