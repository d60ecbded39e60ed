using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>Which of two connections between the same two peers stays: both sides must drop the same one.</summary>
internal static class TwinConnections
{
    private const double AtOnceSeconds = 5;

    /// <summary>
    /// Whether two addresses are one peer's, when it has one id at both. Ids are public: at another address it may be anybody's who wants that peer kept out. All
    /// addresses of this machine are one.
    /// </summary>
    public static bool AreOnePeers(IPAddress one, IPAddress other) =>
        AddressRules.SubscriberOf(one).Equals(AddressRules.SubscriberOf(other)) || (LocalAddresses.Contains(one) && LocalAddresses.Contains(other));

    /// <summary>Whether the new one replaces the old. When both sides connected at once, that of the side with the larger id stays; otherwise the old.</summary>
    /// <param name="ownId">Our peer id.</param>
    /// <param name="peerId">The peer's.</param>
    /// <param name="isNewOutgoing">Whether we made the new one.</param>
    /// <param name="isOldOutgoing">Whether we made the old one.</param>
    /// <param name="oldAge">How long the old one has been there, in seconds.</param>
    public static bool KeepsNew(ReadOnlySpan<byte> ownId, ReadOnlySpan<byte> peerId, bool isNewOutgoing, bool isOldOutgoing, double oldAge) =>
        isNewOutgoing != isOldOutgoing && isNewOutgoing == ownId.SequenceCompareTo(peerId) > 0 && oldAge < AtOnceSeconds;
}
