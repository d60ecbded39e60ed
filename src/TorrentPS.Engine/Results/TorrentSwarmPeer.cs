namespace TorrentPS;

/// <summary>A machine of a torrent's swarm, as a tracker of this program knows it.</summary>
public sealed record TorrentSwarmPeer
{
    /// <summary>The IP address.</summary>
    public required string Address { get; init; }

    /// <summary>The TCP port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>The address and port: <c>192.0.2.1:6881</c> or <c>[2001:db8::1]:6881</c>.</summary>
    public string EndPoint => EndPointText.Of(Address, Port);

    /// <summary>The client's name and version according to its peer id (BEP 20); null if they are unknown.</summary>
    public string? Client { get; init; }

    /// <summary>The peer id as text (BEP 20), with unprintable bytes as %XX.</summary>
    public string? PeerId { get; init; }

    /// <summary>The bytes of the torrent that it lacks; null if it does not say.</summary>
    public long? BytesLeft { get; init; }

    /// <summary>How much of the torrent it has, 0 to 100; null if it does not say, or the torrent's size is unknown.</summary>
    public double? PercentComplete { get; init; }

    /// <summary>Whether it has complete data.</summary>
    public bool IsComplete => BytesLeft == 0;

    /// <summary>When it last announced.</summary>
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>The torrent's info hash, in hexadecimal.</summary>
    public required string InfoHash { get; init; }

    /// <summary>The torrent's name.</summary>
    public string? TorrentName { get; init; }

    /// <summary>The announce address of the tracker.</summary>
    public required Uri Tracker { get; init; }

    /// <summary>The address and port.</summary>
    public override string ToString() => EndPoint;
}
