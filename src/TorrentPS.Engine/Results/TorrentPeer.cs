namespace TorrentPS;

/// <summary>A peer that a discovery named.</summary>
public sealed record TorrentPeer
{
    /// <summary>Its IP address.</summary>
    public required string Address { get; init; }

    /// <summary>Its TCP port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>Its address and port: <c>192.0.2.1:6881</c> or <c>[2001:db8::1]:6881</c>.</summary>
    public string EndPoint => EndPointText.Of(Address, Port);

    /// <summary>Its peer id as text (BEP 20), bytes that are not printable as %XX; null where the tracker did not give it.</summary>
    public string? PeerId { get; init; }

    /// <summary>The info hash of the torrent that it is a peer for, in hexadecimal digits.</summary>
    public required string InfoHash { get; init; }

    /// <summary>The name of the torrent that it is a peer for.</summary>
    public string? TorrentName { get; init; }

    /// <summary>Where its address came from.</summary>
    public required PeerSource Source { get; init; }

    /// <summary>The tracker that named it, when it was one.</summary>
    public Uri? Tracker { get; init; }

    /// <summary>Its address and port.</summary>
    public override string ToString() => EndPoint;
}
