using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>The session that resolves a magnet link, as seen by its connections. All members are called on the session's loop.</summary>
internal interface IMetadataSwarm : IPeerHost
{
    MetadataFetch Fetch { get; }

    /// <summary>The missing piece hashes; null while there is no metadata, or if they are not needed.</summary>
    LayerFetch? Layers { get; }

    /// <summary>Handles peer exchange (BEP 11); null if not allowed.</summary>
    IPeerExchange? Exchange { get; }

    /// <summary>The peer declared an impossible size.</summary>
    void SizeRefused(MetadataPeer peer, long size);

    /// <summary>All bytes received so far are processed: the moment to send more requests, and to check whether the metadata is complete.</summary>
    void Received(MetadataPeer peer);

    /// <summary>The peer sent hashes that do not belong to this torrent.</summary>
    void HashesWrong(MetadataPeer peer);

    /// <summary>The connection has ended.</summary>
    void Closed(MetadataPeer peer, PeerClose reason);
}
