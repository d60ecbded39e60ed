namespace TorrentPS;

/// <summary>The result of a handshake with a peer (BEP 3).</summary>
public sealed record PeerHandshake
{
    /// <summary>The peer's IP address.</summary>
    public required string Address { get; init; }

    /// <summary>The peer's TCP port.</summary>
    public required int Port { get; init; }

    /// <summary>Its address and port: <c>192.0.2.1:6881</c> or <c>[2001:db8::1]:6881</c>.</summary>
    public string EndPoint => EndPointText.Of(Address, Port);

    /// <summary>The requested info hash, in hexadecimal.</summary>
    public required string InfoHash { get; init; }

    /// <summary>How the handshake ended.</summary>
    public required PeerHandshakeStatus Status { get; init; }

    /// <summary>Whether the peer answered with a handshake for the torrent.</summary>
    public bool Succeeded => Status == PeerHandshakeStatus.Succeeded;

    /// <summary>The peer id as text (BEP 20), with unprintable bytes as %XX.</summary>
    public string? PeerId { get; init; }

    /// <summary>The client's name and version, from the extension handshake (BEP 10) or else from the peer id.</summary>
    public string? Client { get; init; }

    /// <summary>The eight reserved bytes, in hexadecimal.</summary>
    public string? Reserved { get; init; }

    /// <summary>Whether the peer supports the extension protocol (BEP 10).</summary>
    public bool SupportsExtensions { get; init; }

    /// <summary>Whether the peer has a DHT node (BEP 5).</summary>
    public bool SupportsDht { get; init; }

    /// <summary>Whether the peer supports the fast extension (BEP 6).</summary>
    public bool SupportsFast { get; init; }

    /// <summary>Whether the peer supports version 2 (BEP 52).</summary>
    public bool SupportsV2 { get; init; }

    /// <summary>Whether the connection was encrypted (MSE/PE).</summary>
    public bool Encrypted { get; init; }

    /// <summary>The transport of the connection, TCP or uTP; null if there was no connection.</summary>
    public PeerTransport? Transport { get; init; }

    /// <summary>The time from the start of connecting to the reply; null if no reply came.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>The error; null on success.</summary>
    public string? Error { get; init; }

    /// <summary>The address and the status.</summary>
    public override string ToString() => $"{EndPoint} {Status}";
}
