using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Gateways;

/// <summary>Where to look for gateways, and callbacks.</summary>
internal sealed record PortMapperOptions
{
    /// <summary>Returns the default gateways of this machine, IPv4.</summary>
    public Func<IReadOnlyList<IPAddress>> Gateways { get; init; } = FindGateways;

    /// <summary>The UDP port of PCP and NAT-PMP.</summary>
    public int Port { get; init; } = 5351;

    /// <summary>The address for UPnP searches.</summary>
    public IPEndPoint SearchGroup { get; init; } = new(IPAddress.Parse("239.255.255.250"), 1900);

    /// <summary>The route of all connections.</summary>
    public NetworkRoute Route { get; init; } = NetworkRoute.Direct;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Receives log lines about mappings.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Called once, when no port could be mapped.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Called when the external port changes.</summary>
    public Action? Changed { get; init; }

    private static List<IPAddress> FindGateways()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(network => network.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
                .SelectMany(network => network.GetIPProperties().GatewayAddresses)
                .Select(gateway => gateway.Address)
                .Where(address => address.AddressFamily == AddressFamily.InterNetwork && !address.Equals(IPAddress.Any))
                .Distinct().Take(4)];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }
}
