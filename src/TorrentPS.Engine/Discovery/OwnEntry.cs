using System.Net;
using System.Net.NetworkInformation;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// Recognizes a search's own entry in a tracker's list. Compact lists (BEP 23) have no peer ids, and most trackers list the client that asks.
/// </summary>
internal static class OwnEntry
{
    /// <summary>
    /// Whether an address is one of this machine with the port that the search announced, and nothing listens there. If something does, it is another client on this
    /// machine, which really uses that port.
    /// </summary>
    /// <param name="peer">The address in the list.</param>
    /// <param name="announcedPort">The port that was announced.</param>
    /// <param name="externalAddress">Our address according to the tracker (BEP 24), if given.</param>
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
            // Unknown: an extra entry is better than a missing peer.
            return false;
        }
    }

    private static bool IsListenedOn(IPAddress address, int port) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
        .Any(listener => listener.Port == port && (Plain(listener.Address).Equals(address)
            || listener.Address.Equals(IPAddress.Any) || listener.Address.Equals(IPAddress.IPv6Any) || !IPAddress.IsLoopback(address)));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
