using System.Net;
using System.Net.NetworkInformation;

namespace TorrentPS.Completion;

/// <summary>Completes the addresses of this machine.</summary>
public sealed class LocalAddressCompleter : ChoiceCompleter
{
    internal override IEnumerable<(string Value, string ToolTip)> Choices =>
    [
        (IPAddress.Any.ToString(), "All IPv4 addresses of this machine."),
        (IPAddress.IPv6Any.ToString(), "All addresses of this machine, IPv4 too."),
        .. Interfaces(),
    ];

    internal static List<(string Value, string ToolTip)> Interfaces()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(network => network.OperationalStatus != OperationalStatus.Down)
                .SelectMany(network => network.GetIPProperties().UnicastAddresses.Select(address => (address.Address.ToString(), $"Only {network.Name}.")))];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }
}
