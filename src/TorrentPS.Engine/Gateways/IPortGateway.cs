using System.Net;

namespace TorrentPS.Engine.Gateways;

/// <summary>A gateway that forwards ports, by one of the protocols for port mapping.</summary>
internal interface IPortGateway
{
    /// <summary>The protocol and address of the gateway, for messages.</summary>
    string Name { get; }

    /// <summary>The gateway's external address, if known.</summary>
    IPAddress? ExternalAddress { get; }

    /// <summary>Maps a port, or renews its mapping before it expires.</summary>
    /// <exception cref="GatewayException">The gateway refuses or does not answer.</exception>
    Task<MappedPort> MapAsync(PortRequest request, CancellationToken cancellationToken);

    /// <summary>Removes all requested mappings, whether granted or not; on failure they expire.</summary>
    Task RemoveAsync(CancellationToken cancellationToken);
}
