namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A query of ours.</summary>
internal readonly record struct KrpcQuery(KrpcMethod Method)
{
    /// <summary>The target of find_node, the info hash of get_peers and announce_peer.</summary>
    public NodeId Target { get; init; }

    public KrpcWants Wants { get; init; }

    /// <summary>For announce_peer: what the node gave us for this torrent.</summary>
    public ReadOnlyMemory<byte> Token { get; init; }

    /// <summary>For announce_peer: the port that peers connect to.</summary>
    public int Port { get; init; }

    /// <summary>For announce_peer: whether we have all of the data (BEP 33).</summary>
    public bool IsSeed { get; init; }
}
