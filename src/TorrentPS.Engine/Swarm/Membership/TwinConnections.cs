using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>Decides which of two connections between the same two peers stays: both sides must drop the same one.</summary>
internal static class TwinConnections
{
    private const double AtOnceSeconds = 5;

    /// <summary>
    /// Whether two addresses with the same peer id belong to one peer. Ids are public: at another address, anyone who wants to keep the peer out may use its id. All
    /// addresses of this machine are one.
    /// </summary>
    public static bool AreOnePeers(IPAddress one, IPAddress other) =>
        AddressRules.SubscriberOf(one).Equals(AddressRules.SubscriberOf(other)) || (LocalAddresses.Contains(one) && LocalAddresses.Contains(other));

    /// <summary>
    /// Whether the new connection replaces the old one. If both sides connected at the same time, that of the side with the larger id stays; otherwise the old one.
    /// </summary>
    /// <param name="ownId">Our peer id.</param>
    /// <param name="peerId">The peer's id.</param>
    /// <param name="isNewOutgoing">Whether we made the new connection.</param>
    /// <param name="isOldOutgoing">Whether we made the old connection.</param>
    /// <param name="oldAge">The age of the old connection, in seconds.</param>
    public static bool KeepsNew(ReadOnlySpan<byte> ownId, ReadOnlySpan<byte> peerId, bool isNewOutgoing, bool isOldOutgoing, double oldAge) =>
        isNewOutgoing != isOldOutgoing && isNewOutgoing == ownId.SequenceCompareTo(peerId) > 0 && oldAge < AtOnceSeconds;
}
