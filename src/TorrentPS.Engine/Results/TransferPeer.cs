namespace TorrentPS;

/// <summary>A connected peer of a transfer, as it is at one moment.</summary>
public sealed record TransferPeer
{
    /// <summary>Its IP address.</summary>
    public required string Address { get; init; }

    /// <summary>The port of the connection at its end, 1 to 65535. Of a peer that connected to us, that is not the one that it listens on.</summary>
    public required int Port { get; init; }

    /// <summary>Its address and port: <c>192.0.2.1:6881</c> or <c>[2001:db8::1]:6881</c>.</summary>
    public string EndPoint => EndPointText.Of(Address, Port);

    /// <summary>Its peer id as text (BEP 20), bytes that are not printable as %XX.</summary>
    public required string PeerId { get; init; }

    /// <summary>Its program and version, as it says (BEP 10) or by its peer id (BEP 20).</summary>
    public required string Client { get; init; }

    /// <summary>What named its address; null where it connected to us and nothing did.</summary>
    public PeerSource? Source { get; init; }

    /// <summary>Whether it connected to us.</summary>
    public bool IsIncoming { get; init; }

    /// <summary>Whether the connection is encrypted.</summary>
    public bool IsEncrypted { get; init; }

    /// <summary>What the connection goes over: <see cref="PeerTransport.Tcp"/> or <see cref="PeerTransport.Utp"/>.</summary>
    public PeerTransport Transport { get; init; }

    /// <summary>Whether it chokes us: answers no requests.</summary>
    public bool IsChokingUs { get; init; }

    /// <summary>Whether it wants pieces of ours.</summary>
    public bool IsInterestedInUs { get; init; }

    /// <summary>Whether we choke it.</summary>
    public bool IsChokedByUs { get; init; }

    /// <summary>Whether it has pieces that we want.</summary>
    public bool IsInterestingToUs { get; init; }

    /// <summary>Whether it has not sent requested blocks for a long time.</summary>
    public bool IsSnubbed { get; init; }

    /// <summary>Bytes per second received from it, lately.</summary>
    public long DownloadRate { get; init; }

    /// <summary>Bytes per second sent to it, lately.</summary>
    public long UploadRate { get; init; }

    /// <summary>Bytes of pieces received from it over this connection.</summary>
    public long Downloaded { get; init; }

    /// <summary>Bytes of pieces sent to it over this connection.</summary>
    public long Uploaded { get; init; }

    /// <summary>How much of the torrent it has, 0 to 100; 100 only when it has all.</summary>
    public double PercentComplete { get; init; }

    /// <summary>Since it was connected.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Its address and port.</summary>
    public override string ToString() => EndPoint;
}
