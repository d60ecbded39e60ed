using System.Net;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Swarm;

/// <summary>A limit of bytes a second as peers are subject to it: those in the local network are not, unless the user wants them counted. Belongs to the torrent's loop.</summary>
/// <param name="limiter">The limit, which what comes from web seeds counts for in any case.</param>
/// <param name="countsLocal">Whether peers in the local network count, too: behind a proxy there are none.</param>
internal sealed class PeerLimit(RateLimiter limiter, bool countsLocal)
{
    private static readonly RateLimiter s_none = new(0, TimeProvider.System);

    /// <summary>The limit itself.</summary>
    public RateLimiter Limiter => limiter;

    /// <summary>Whether a peer at an address is subject to it.</summary>
    public bool Counts(IPAddress address) => countsLocal || !AddressRules.IsInLocalNetwork(address);

    /// <summary>What a peer at an address is subject to.</summary>
    public RateLimiter Of(IPAddress address) => Counts(address) ? limiter : s_none;
}
