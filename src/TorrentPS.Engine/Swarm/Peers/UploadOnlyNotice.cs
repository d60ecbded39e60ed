using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Handles the message by which some clients declare that they only upload, or download again (BEP 21), instead of by another extension handshake.</summary>
internal sealed class UploadOnlyNotice(PeerSession peer) : IPeerExtension
{
    public const byte Id = 8;

    public string Name => "upload_only";

    public byte OwnId => Id;

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 1)
            throw new BencodeException("'upload_only' is not one byte long", 0);
        peer.SetUploadOnly(payload[0] != 0);
    }
}
