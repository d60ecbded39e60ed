namespace TorrentPS.Trackers;

/// <summary>What a tracker is asked by.</summary>
public enum TrackerProtocol
{
    /// <summary>HTTP (BEP 3).</summary>
    Http,

    /// <summary>UDP (BEP 15).</summary>
    Udp,
}
