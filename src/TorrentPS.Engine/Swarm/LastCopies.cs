using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>Decides whether a swarm might lose pieces if a complete download left.</summary>
internal static class LastCopies
{
    /// <summary>
    /// Whether a connected peer needs a piece of ours that no other can be relied on to have. Peers that were seeds when they connected are expected to stay; incomplete peers stay, and have what
    /// they announce; peers that have become complete since may leave at any moment, and do not count.
    /// </summary>
    /// <param name="have">Our pieces.</param>
    /// <param name="peers">The connected peers.</param>
    public static bool AreNeeded(Bitfield have, IReadOnlyList<PeerState> peers)
    {
        bool isAnyInterested = false;
        foreach (PeerState peer in peers)
        {
            if (peer.IsOrigin)
                return false;
            isAnyInterested |= peer.IsInterestedInUs && !peer.Pieces.IsFull;
        }

        for (int word = 0; isAnyInterested && word < have.Words.Length; word++)
        {
            ulong elsewhere = 0;
            foreach (PeerState peer in peers)
                elsewhere |= peer.Pieces.IsFull ? 0 : peer.Pieces.Words[word];
            if ((have.Words[word] & ~elsewhere) != 0)
                return true;
        }

        return false;
    }
}
