using System.Net.Sockets;

namespace TorrentPS.Engine.Gateways;

/// <summary>A port that a gateway is to pass on to us.</summary>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="Port">Our port.</param>
/// <param name="External">The gateway's port that is wished for.</param>
internal readonly record struct PortRequest(ProtocolType Protocol, int Port, int External)
{
    /// <summary>The protocol as text: TCP or UDP.</summary>
    public string Name => Protocol == ProtocolType.Tcp ? "TCP" : "UDP";
}
