namespace TorrentPS;

/// <summary>A snapshot of a connected peer of a transfer.</summary>
public sealed record TransferPeer
{
    /// <summary>Its IP address.</summary>
    public required string Address { get; init; }

    /// <summary>The remote port of the connection, 1 to 65535. For an incoming connection, this is not the port on which the peer listens.</summary>
    public required int Port { get; init; }

    /// <summary>Its address and port: <c>192.0.2.1:6881</c> or <c>[2001:db8::1]:6881</c>.</summary>
    public string EndPoint => EndPointText.Of(Address, Port);

    /// <summary>Its peer id as text (BEP 20), with unprintable bytes as %XX.</summary>
    public required string PeerId { get; init; }

    /// <summary>Its program and version, as declared (BEP 10) or from its peer id (BEP 20).</summary>
    public required string Client { get; init; }

    /// <summary>The source of its address; null if it is only known from its own connection.</summary>
    public PeerSource? Source { get; init; }

    /// <summary>Whether the connection is incoming.</summary>
    public bool IsIncoming { get; init; }

    /// <summary>Whether the connection is encrypted.</summary>
    public bool IsEncrypted { get; init; }

    /// <summary>The transport of the connection: <see cref="PeerTransport.Tcp"/> or <see cref="PeerTransport.Utp"/>.</summary>
    public PeerTransport Transport { get; init; }

    /// <summary>Whether it chokes us.</summary>
    public bool IsChokingUs { get; init; }

    /// <summary>Whether it is interested in our pieces.</summary>
    public bool IsInterestedInUs { get; init; }

    /// <summary>Whether we choke it.</summary>
    public bool IsChokedByUs { get; init; }

    /// <summary>Whether we are interested in its pieces.</summary>
    public bool IsInterestingToUs { get; init; }

    /// <summary>Whether it is snubbed: it has not sent requested blocks for a long time.</summary>
    public bool IsSnubbed { get; init; }

    /// <summary>The recent download rate from it, in bytes per second.</summary>
    public long DownloadRate { get; init; }

    /// <summary>The recent upload rate to it, in bytes per second.</summary>
    public long UploadRate { get; init; }

    /// <summary>Bytes of pieces received from it over this connection.</summary>
    public long Downloaded { get; init; }

    /// <summary>Bytes of pieces sent to it over this connection.</summary>
    public long Uploaded { get; init; }

    /// <summary>Its part of the torrent in percent, 0 to 100; 100 only if it has all pieces.</summary>
    public double PercentComplete { get; init; }

    /// <summary>The duration of the connection.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Its address and port.</summary>
    public override string ToString() => EndPoint;
}
