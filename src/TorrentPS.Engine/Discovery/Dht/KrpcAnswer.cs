using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>What we answer to a query.</summary>
internal ref struct KrpcAnswer
{
    /// <summary>Compact nodes; empty leaves them out.</summary>
    public ReadOnlySpan<byte> Nodes { get; set; }

    /// <summary>Compact nodes of IPv6; empty leaves them out.</summary>
    public ReadOnlySpan<byte> Nodes6 { get; set; }

    public ReadOnlySpan<byte> Token { get; set; }

    public IReadOnlyList<IPEndPoint>? Values { get; set; }
}
