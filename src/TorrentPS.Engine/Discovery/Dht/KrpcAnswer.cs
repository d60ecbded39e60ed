using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>An answer to a query.</summary>
internal ref struct KrpcAnswer
{
    /// <summary>Compact nodes; omitted if empty.</summary>
    public ReadOnlySpan<byte> Nodes { get; set; }

    /// <summary>Compact IPv6 nodes; omitted if empty.</summary>
    public ReadOnlySpan<byte> Nodes6 { get; set; }

    public ReadOnlySpan<byte> Token { get; set; }

    public IReadOnlyList<IPEndPoint>? Values { get; set; }
}
