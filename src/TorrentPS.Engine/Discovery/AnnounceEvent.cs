namespace TorrentPS.Engine.Discovery;

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
}
