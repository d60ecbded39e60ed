namespace TorrentPS;

/// <summary>What came of a handshake with a peer (BEP 3).</summary>
public sealed record PeerHandshake
{
    /// <summary>The peer's IP address.</summary>
    public required string Address { get; init; }

    /// <summary>The peer's TCP port.</summary>
    public required int Port { get; init; }

    /// <summary>Its address and port: <c>192.0.2.1:6881</c> or <c>[2001:db8::1]:6881</c>.</summary>
    public string EndPoint => EndPointText.Of(Address, Port);

    /// <summary>The info hash that was asked for, in hexadecimal digits.</summary>
    public required string InfoHash { get; init; }

    /// <summary>How it ended.</summary>
    public required PeerHandshakeStatus Status { get; init; }

    /// <summary>Whether the peer answered with a handshake for the torrent.</summary>
    public bool Succeeded => Status == PeerHandshakeStatus.Succeeded;

    /// <summary>Its peer id as text (BEP 20), bytes that are not printable as %XX.</summary>
    public string? PeerId { get; init; }

    /// <summary>The client's name and version, from the extension handshake (BEP 10) or else from the peer id.</summary>
    public string? Client { get; init; }

    /// <summary>The eight reserved bytes in hexadecimal digits.</summary>
    public string? Reserved { get; init; }

    /// <summary>Whether it speaks the extension protocol (BEP 10).</summary>
    public bool SupportsExtensions { get; init; }

    /// <summary>Whether it has a DHT node (BEP 5).</summary>
    public bool SupportsDht { get; init; }

    /// <summary>Whether it speaks the fast extension (BEP 6).</summary>
    public bool SupportsFast { get; init; }

    /// <summary>Whether it speaks version 2 (BEP 52).</summary>
    public bool SupportsV2 { get; init; }

    /// <summary>Whether the connection was encrypted (MSE/PE).</summary>
    public bool Encrypted { get; init; }

    /// <summary>What the connection went over, TCP or uTP; null when there was none.</summary>
    public PeerTransport? Transport { get; init; }

    /// <summary>From the start of connecting to the reply; null when no reply came.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? Error { get; init; }

    /// <summary>The address and how it ended.</summary>
    public override string ToString() => $"{EndPoint} {Status}";
}
