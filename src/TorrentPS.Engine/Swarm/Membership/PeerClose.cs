namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>Why a connection to a peer ended.</summary>
internal enum PeerClose
{
    /// <summary>The peer closed it, or it broke.</summary>
    Lost,

    /// <summary>The torrent is stopping.</summary>
    Stopping,

    /// <summary>The transfer is paused.</summary>
    Paused,

    /// <summary>The peer violated the protocol.</summary>
    Violation,

    /// <summary>The peer sent bad data.</summary>
    Banned,

    /// <summary>Nothing was received from the peer for too long.</summary>
    TimedOut,

    /// <summary>Both sides are complete.</summary>
    NothingToDo,

    /// <summary>Another peer takes its place.</summary>
    Replaced,

    /// <summary>Other torrents need the connection more.</summary>
    Crowded,

    /// <summary>There is another connection to the same peer, or it is ourselves.</summary>
    Duplicate,

    /// <summary>The peer was told of pieces that are no longer here, and does not support the message that withdraws them.</summary>
    Outdated,

    /// <summary>The peer is contacted again with the info hashes that are known now.</summary>
    DialledAnew,

    /// <summary>A message of the peer triggered a fault of this program.</summary>
    Faulted,
}
