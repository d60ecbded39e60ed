using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>What a connection needs of the session that resolves a magnet link. Everything is called on the session's loop.</summary>
internal interface IMetadataSwarm : IPeerHost
{
    MetadataFetch Fetch { get; }

    /// <summary>The hashes of pieces that are still to be got; null while there is no metadata, and where nobody needs them.</summary>
    LayerFetch? Layers { get; }

    /// <summary>Takes the addresses that peers name (BEP 11); null where that is not wanted.</summary>
    IPeerExchange? Exchange { get; }

    /// <summary>The peer says a size that no metadata has.</summary>
    void SizeRefused(MetadataPeer peer, long size);

    /// <summary>What the peer has sent so far is read: the moment to ask it for more, and to see whether the metadata is complete.</summary>
    void Received(MetadataPeer peer);

    /// <summary>The peer sent hashes that are not of this torrent.</summary>
    void HashesWrong(MetadataPeer peer);

    /// <summary>The connection has ended.</summary>
    void Closed(MetadataPeer peer, PeerClose reason);
}
