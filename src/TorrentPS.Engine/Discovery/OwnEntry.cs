using System.Net;
using System.Net.NetworkInformation;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// Tells a search's own entry in a tracker's list from the peers. Compact lists (BEP 23) have no peer ids, and most trackers list the one that asks.
/// </summary>
internal static class OwnEntry
{
    /// <summary>
    /// Whether an address is one of this machine with the port that the search announced, and nothing listens there. Where something does, it is
    /// another client on this machine, which uses the same port in earnest.
    /// </summary>
    /// <param name="peer">The address in the list.</param>
    /// <param name="announcedPort">The port that was announced.</param>
    /// <param name="externalAddress">Our address as the tracker sees it (BEP 24), where it says so.</param>
    public static bool Is(IPEndPoint peer, int announcedPort, IPAddress? externalAddress)
    {
        if (peer.Port != announcedPort)
            return false;
        IPAddress address = Plain(peer.Address);
        try
        {
            bool isOurs = LocalAddresses.Contains(address) || (externalAddress is not null && address.Equals(Plain(externalAddress)));
            return isOurs && !IsListenedOn(address, announcedPort);
        }
        catch (NetworkInformationException)
        {
            // Not known: rather one entry too many than a peer too few.
            return false;
        }
    }

    private static bool IsListenedOn(IPAddress address, int port) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
        .Any(listener => listener.Port == port && (Plain(listener.Address).Equals(address)
            || listener.Address.Equals(IPAddress.Any) || listener.Address.Equals(IPAddress.IPv6Any) || !IPAddress.IsLoopback(address)));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
