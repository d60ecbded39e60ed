using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Receives the metadata that a peer sends (BEP 9).</summary>
internal interface IMetadataReceiver
{
    /// <summary>A piece arrived, requested or not.</summary>
    void MetadataReceived(MetadataMessage message, ReadOnlySpan<byte> data);

    /// <summary>The peer rejected a piece.</summary>
    void MetadataRejected(int piece);
}
