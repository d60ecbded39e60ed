namespace TorrentPS;

/// <summary>A tracker that was started here, and where it listens.</summary>
public sealed record TrackerListener
{
    /// <summary>The IP address that it listens on; <c>::</c> or <c>0.0.0.0</c> means all of this machine.</summary>
    public required string Address { get; init; }

    /// <summary>The port, by TCP and UDP.</summary>
    public required int Port { get; init; }

    /// <summary>Address and port together.</summary>
    public string EndPoint => EndPointText.Of(Address, Port);

    /// <summary>The announce address to put into a torrent: for HTTP, or for UDP where HTTP is off. Of this machine alone when it listens on every address.</summary>
    public required Uri AnnounceUri { get; init; }

    /// <summary>The announce address for UDP; null where UDP is off.</summary>
    public Uri? UdpAnnounceUri { get; init; }

    /// <summary>The announce address.</summary>
    public override string ToString() => AnnounceUri.ToString();
}
