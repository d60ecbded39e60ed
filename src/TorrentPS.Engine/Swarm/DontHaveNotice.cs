using System.Buffers.Binary;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Swarm;

/// <summary>Hears that a peer has a piece no longer (BEP 54, "lt_donthave"). We never say it: what is verified stays.</summary>
internal sealed class DontHaveNotice(PeerSession peer) : IPeerExtension
{
    public const byte Id = 7;

    public string Name => "lt_donthave";

    public byte OwnId => Id;

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 4)
            throw new BencodeException("'lt_donthave' has not the four bytes of a piece's index", 0);
        uint piece = BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (piece >= peer.State.Pieces.Length)
            throw new BencodeException($"'lt_donthave' of piece {piece}, which the torrent has not", 0);
        peer.LosePiece((int)piece);
    }
}
