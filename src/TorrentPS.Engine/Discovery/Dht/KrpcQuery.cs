namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>One of our queries.</summary>
internal readonly record struct KrpcQuery(KrpcMethod Method)
{
    /// <summary>The target of find_node, the info hash of get_peers and announce_peer.</summary>
    public NodeId Target { get; init; }

    public KrpcWants Wants { get; init; }

    /// <summary>For announce_peer: the token that the node issued for this torrent.</summary>
    public ReadOnlyMemory<byte> Token { get; init; }

    /// <summary>For announce_peer: the port for peer connections.</summary>
    public int Port { get; init; }

    /// <summary>For announce_peer: whether we are a seed (BEP 33).</summary>
    public bool IsSeed { get; init; }
}
