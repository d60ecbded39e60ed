namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>Why a connection to a peer ended.</summary>
internal enum PeerClose
{
    /// <summary>The peer closed it, or it broke.</summary>
    Lost,

    /// <summary>The download ends.</summary>
    Stopping,

    /// <summary>The peer broke the protocol.</summary>
    Violation,

    /// <summary>The peer sent bad data.</summary>
    Banned,

    /// <summary>Nothing came from the peer for too long.</summary>
    TimedOut,

    /// <summary>Both sides have everything.</summary>
    NothingToDo,

    /// <summary>Another peer takes its place.</summary>
    Replaced,

    /// <summary>Other torrents need the connection more.</summary>
    Crowded,

    /// <summary>There is another connection to the same peer, or it is ourselves.</summary>
    Duplicate,

    /// <summary>It was told of pieces that are not here any more, and takes no message that says so.</summary>
    Outdated,

    /// <summary>It is called once more, by what is known of the torrent now.</summary>
    DialledAnew,

    /// <summary>What it sent brought out a fault of this program.</summary>
    Faulted,
}
