namespace TorrentPS.Engine.Trackers;

/// <summary>The event of an announce (BEP 3, "trackers").</summary>
public enum AnnounceEvent
{
    /// <summary>A regular announce at the interval.</summary>
    None,

    /// <summary>The download starts.</summary>
    Started,

    /// <summary>The download is complete.</summary>
    Completed,

    /// <summary>The download or upload ends.</summary>
    Stopped,

    /// <summary>A regular announce of a peer that has everything it wants, but not the whole torrent (BEP 21).</summary>
    Paused,
}
