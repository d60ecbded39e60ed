using System.Net;

namespace TorrentPS.Engine.Gateways;

/// <summary>What a gateway answers by datagram.</summary>
/// <param name="Result">0, or what is wrong.</param>
internal sealed record GatewayAnswer(int Result)
{
    /// <summary>How long it passes the port on.</summary>
    public TimeSpan Lifetime { get; init; }

    /// <summary>The gateway's port.</summary>
    public int External { get; init; }

    /// <summary>The gateway's address in the Internet.</summary>
    public IPAddress? Address { get; init; }
}
