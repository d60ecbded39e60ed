using System.Net.Sockets;

namespace TorrentPS.Engine.Gateways;

/// <summary>A port to map.</summary>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="Port">Our own port.</param>
/// <param name="External">The preferred external port.</param>
internal readonly record struct PortRequest(ProtocolType Protocol, int Port, int External)
{
    /// <summary>The protocol as text: TCP or UDP.</summary>
    public string Name => Protocol == ProtocolType.Tcp ? "TCP" : "UDP";
}
