using System.Buffers.Binary;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>Handles and sends the message that withdraws a piece, ours when another program has changed it (BEP 54, "lt_donthave").</summary>
internal sealed class DontHaveNotice(PeerSession peer) : IPeerExtension
{
    public const byte Id = 7;

    private const int MessageLength = 10;
    private const int MostAtOnce = 1024;

    private Bitfield? _untold;

    public string Name => "lt_donthave";

    public byte OwnId => Id;

    public int NextLength => _untold is null ? 0 : MessageLength * Math.Min(_untold.Count, MostAtOnce);

    /// <summary>Withdraws pieces, after the messages queued before; false if the peer does not support the message.</summary>
    public bool TryTell(Bitfield pieces)
    {
        if (!peer.Takes(Name))
            return false;
        _untold ??= new Bitfield(pieces.Length);
        foreach (int piece in pieces.All())
            _untold.Add(piece);
        return true;
    }

    /// <summary>The piece is here again.</summary>
    public void Forget(int piece) => _untold?.Remove(piece);

    public void SendNext()
    {
        Span<byte> payload = stackalloc byte[4];
        List<int> told = [.. _untold!.All().Take(MostAtOnce)];
        foreach (int piece in told)
        {
            BinaryPrimitives.WriteInt32BigEndian(payload, piece);
            peer.QueueExtended(Name, payload);
            _untold.Remove(piece);
        }

        if (_untold.IsEmpty)
            _untold = null;
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 4)
            throw new BencodeException("'lt_donthave' is not four bytes long, as a piece index is", 0);
        uint piece = BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (piece >= peer.State.Pieces.Length)
            throw new BencodeException($"'lt_donthave' of piece {piece}, which does not exist", 0);
        peer.LosePiece((int)piece);
    }
}
