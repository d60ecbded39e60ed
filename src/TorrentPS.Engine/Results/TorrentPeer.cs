namespace TorrentPS;

/// <summary>A peer from a discovery source.</summary>
public sealed record TorrentPeer
{
    /// <summary>The IP address.</summary>
    public required string Address { get; init; }

    /// <summary>The TCP port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>The address and port: <c>192.0.2.1:6881</c> or <c>[2001:db8::1]:6881</c>.</summary>
    public string EndPoint => EndPointText.Of(Address, Port);

    /// <summary>The peer id as text (BEP 20), with unprintable bytes as %XX; null if the tracker did not send it.</summary>
    public string? PeerId { get; init; }

    /// <summary>The torrent's info hash, in hexadecimal.</summary>
    public required string InfoHash { get; init; }

    /// <summary>The torrent's name.</summary>
    public string? TorrentName { get; init; }

    /// <summary>The source of the address.</summary>
    public required PeerSource Source { get; init; }

    /// <summary>The tracker that returned the peer, if it came from one.</summary>
    public Uri? Tracker { get; init; }

    /// <summary>The address and port.</summary>
    public override string ToString() => EndPoint;
}
