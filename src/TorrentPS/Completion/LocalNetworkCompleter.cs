using System.Net.NetworkInformation;

namespace TorrentPS.Completion;

/// <summary>Completes the network interfaces of this machine, and their addresses.</summary>
public sealed class LocalNetworkCompleter : ChoiceCompleter
{
    internal override IEnumerable<(string Value, string ToolTip)> Choices
    {
        get
        {
            try
            {
                NetworkInterface[] networks = NetworkInterface.GetAllNetworkInterfaces();
                return [.. networks.Select(network => (network.Name, $"All of {network.Name}.")),
                    .. networks.SelectMany(network => network.GetIPProperties().UnicastAddresses.Select(address => (address.Address.ToString(), $"Of {network.Name}.")))];
            }
            catch (NetworkInformationException)
            {
                return [];
            }
        }
    }
}
