using System.Net;
using System.Net.NetworkInformation;

namespace TorrentPS.Completion;

/// <summary>Completes the networks of this machine, as prefixes.</summary>
public sealed class OwnNetworkCompleter : ChoiceCompleter
{
    internal override IEnumerable<(string Value, string ToolTip)> Choices
    {
        get
        {
            try
            {
                return [.. NetworkInterface.GetAllNetworkInterfaces()
                    .Where(network => network.OperationalStatus != OperationalStatus.Down)
                    .SelectMany(network => network.GetIPProperties().UnicastAddresses.Select(own => (Prefix(own.Address, own.PrefixLength), $"The network of {network.Name}.")))
                    .DistinctBy(choice => choice.Item1)];
            }
            catch (Exception exception) when (exception is NetworkInformationException or PlatformNotSupportedException)
            {
                return [];
            }
        }
    }

    private static string Prefix(IPAddress address, int length)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int bit = length; bit < 8 * bytes.Length; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return $"{new IPAddress(bytes)}/{length}";
    }
}
