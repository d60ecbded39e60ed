namespace TorrentPS.Engine.Trackers;

/// <summary>Why a tracker is told something (BEP 3, "trackers": event).</summary>
public enum AnnounceEvent
{
    /// <summary>The interval has passed.</summary>
    None,

    /// <summary>The download begins.</summary>
    Started,

    /// <summary>The download is complete.</summary>
    Completed,

    /// <summary>The download or upload ends.</summary>
    Stopped,

    /// <summary>The interval has passed, and we have all that we want of the torrent, but not all of it (BEP 21).</summary>
    Paused,
}
