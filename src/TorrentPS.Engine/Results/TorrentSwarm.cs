using TorrentPS.Engine.Display;

namespace TorrentPS;

/// <summary>The machines of a torrent's swarm, as a tracker of this program knows them.</summary>
/// <param name="Peers">The machines, those with the least left first.</param>
/// <param name="IsTimedOut">Whether the time to wait passed before enough of them had complete data.</param>
public sealed record TorrentSwarm(IReadOnlyList<TorrentSwarmPeer> Peers, bool IsTimedOut = false)
{
    /// <summary>The number of machines with complete data.</summary>
    public int CompleteCount => Peers.Count(peer => peer.IsComplete);

    /// <summary>What is said when the time to wait has passed.</summary>
    /// <param name="name">The torrent's name.</param>
    /// <param name="wanted">The number of machines that was waited for.</param>
    /// <param name="time">How long.</param>
    public string Missed(string name, int wanted, TimeSpan time) =>
        $"{CompleteCount} of {CountText.Of(wanted, "machine")} had '{name}' complete after {time.TotalSeconds:0.#} s. Wait longer, or look at those that are not.";
}
