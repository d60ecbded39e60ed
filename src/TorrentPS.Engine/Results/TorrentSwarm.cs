namespace TorrentPS;

/// <summary>The machines of a torrent's swarm, as a tracker of this program knows them.</summary>
/// <param name="Peers">The machines, those with the least left first.</param>
/// <param name="IsTimedOut">Whether the time to wait passed before enough of them had complete data.</param>
public sealed record TorrentSwarm(IReadOnlyList<TorrentSwarmPeer> Peers, bool IsTimedOut = false)
{
    /// <summary>The number of machines with complete data.</summary>
    public int CompleteCount => Peers.Count(peer => peer.IsComplete);
}
