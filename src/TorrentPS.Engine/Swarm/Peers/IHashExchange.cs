using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Exchanges hashes with peers (BEP 52).</summary>
internal interface IHashExchange
{
    /// <summary>The source of hashes for peers.</summary>
    HashSupply Supply { get; }

    /// <summary>The peer sent requested hashes.</summary>
    void HashesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes);

    /// <summary>The peer rejected requested hashes.</summary>
    void HashesRejected(PeerSession peer, int file, HashRange range);
}
