namespace TorrentPS;

/// <summary>A tracker that was started here, with its addresses.</summary>
public sealed record TrackerListener
{
    /// <summary>The IP address that the tracker listens on; <c>::</c> or <c>0.0.0.0</c> means all addresses of this machine.</summary>
    public required string Address { get; init; }

    /// <summary>The port, TCP and UDP.</summary>
    public required int Port { get; init; }

    /// <summary>The address and port.</summary>
    public string EndPoint => EndPointText.Of(Address, Port);

    /// <summary>
    /// The announce address to put into a torrent: for HTTP, or for UDP if HTTP is off. For this machine only, if the tracker listens on every address.
    /// </summary>
    public required Uri AnnounceUri { get; init; }

    /// <summary>The announce address for UDP; null if UDP is off.</summary>
    public Uri? UdpAnnounceUri { get; init; }

    /// <summary>The announce address.</summary>
    public override string ToString() => AnnounceUri.ToString();
}
