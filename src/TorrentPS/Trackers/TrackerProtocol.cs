namespace TorrentPS.Trackers;

/// <summary>The protocols of a tracker.</summary>
public enum TrackerProtocol
{
    /// <summary>HTTP (BEP 3).</summary>
    Http,

    /// <summary>UDP (BEP 15).</summary>
    Udp,
}
