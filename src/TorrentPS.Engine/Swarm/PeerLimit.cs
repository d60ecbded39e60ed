using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Swarm;

/// <summary>A rate limit as it applies to peers: not to those in the local network, except on request. Belongs to the torrent's loop.</summary>
/// <param name="limiter">The limit, which always applies to web seeds.</param>
/// <param name="countsLocal">Whether it applies to peers in the local network, too; through a proxy there are none.</param>
internal sealed class PeerLimit(RateLimiter limiter, bool countsLocal)
{
    private static readonly RateLimiter s_none = new(0, TimeProvider.System);

    /// <summary>The limit itself.</summary>
    public RateLimiter Limiter => limiter;

    /// <summary>Whether it applies to a peer at an address.</summary>
    public bool Counts(IPAddress address) => countsLocal || !AddressRules.IsInLocalNetwork(address);

    /// <summary>The limit of a peer at an address.</summary>
    public RateLimiter Of(IPAddress address) => Counts(address) ? limiter : s_none;
}
