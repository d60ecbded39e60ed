using System.Net;

namespace TorrentPS.Engine.Gateways;

/// <summary>A gateway's answer by datagram.</summary>
/// <param name="Result">The result code; 0 for success.</param>
internal sealed record GatewayAnswer(int Result)
{
    /// <summary>The lifetime of the mapping.</summary>
    public TimeSpan Lifetime { get; init; }

    /// <summary>The external port.</summary>
    public int External { get; init; }

    /// <summary>The gateway's external address.</summary>
    public IPAddress? Address { get; init; }
}
