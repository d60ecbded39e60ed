using System.Net;
using System.Net.NetworkInformation;

namespace TorrentPS.Engine.Net;

/// <summary>The addresses of this machine. They are refreshed after some seconds, because networks come and go.</summary>
internal static class LocalAddresses
{
    private const long FreshMilliseconds = 10_000;

    private static Snapshot? s_last;

    /// <summary>Whether an address is one of this machine, including loopback.</summary>
    public static bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return IPAddress.IsLoopback(address) || Current().Contains(Plain(address));
    }

    private static HashSet<IPAddress> Current()
    {
        Snapshot? last = Volatile.Read(ref s_last);
        if (last is not null && Environment.TickCount64 - last.TakenAt < FreshMilliseconds)
            return last.Addresses;
        HashSet<IPAddress> addresses = [];
        try
        {
            foreach (NetworkInterface network in NetworkInterface.GetAllNetworkInterfaces())
            {
                foreach (UnicastIPAddressInformation own in network.GetIPProperties().UnicastAddresses)
                    addresses.Add(Plain(own.Address));
            }
        }
        catch (NetworkInformationException)
        {
            // Unknown: an unnecessary connection to ourselves is better than a missing peer.
        }

        Volatile.Write(ref s_last, new Snapshot(addresses, Environment.TickCount64));
        return addresses;
    }

    /// <summary>Without the interface number (scope), which link-local addresses have only inside this machine.</summary>
    private static IPAddress Plain(IPAddress address) => address.IsIPv6LinkLocal && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;

    private sealed record Snapshot(HashSet<IPAddress> Addresses, long TakenAt);
}
