using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What takes the metadata that a peer sends (BEP 9).</summary>
internal interface IMetadataReceiver
{
    /// <summary>A piece came, asked for or not.</summary>
    void MetadataReceived(MetadataMessage message, ReadOnlySpan<byte> data);

    /// <summary>The peer does not send a piece.</summary>
    void MetadataRejected(int piece);
}
