using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What exchanges hashes with peers (BEP 52).</summary>
internal interface IHashExchange
{
    /// <summary>What hashes are given from.</summary>
    HashSupply Supply { get; }

    /// <summary>The peer sent hashes that it was asked for.</summary>
    void HashesReceived(PeerSession peer, int file, HashRange range, ReadOnlySpan<byte> hashes);

    /// <summary>The peer does not send hashes that it was asked for.</summary>
    void HashesRejected(PeerSession peer, int file, HashRange range);
}
