using System.Net;

namespace TorrentPS.Engine.Gateways;

/// <summary>A gateway that can be asked to pass connections on to us, by one of the protocols for that.</summary>
internal interface IPortGateway
{
    /// <summary>The protocol and where the gateway is, for messages.</summary>
    string Name { get; }

    /// <summary>The gateway's address in the Internet, where it has said so.</summary>
    IPAddress? ExternalAddress { get; }

    /// <summary>Asks for a port, or for the same once more before its time is over.</summary>
    /// <exception cref="GatewayException">It does not pass it on.</exception>
    Task<MappedPort> MapAsync(PortRequest request, CancellationToken cancellationToken);

    /// <summary>Takes back what was asked for, whether it was granted or not; what fails is left to run out.</summary>
    Task RemoveAsync(CancellationToken cancellationToken);
}
