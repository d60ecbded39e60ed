using System.Buffers.Binary;
using System.Net;
using System.Text;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Fuzz.Targets;

/// <summary>Messages of honest peers.</summary>
internal static class MessageSeeds
{
    /// <summary>The hashes requested from the peer: of eight of ten pieces of two blocks each, with one proof.</summary>
    public static readonly HashRange Hashes = new(1, 0, 8, 3);

    public static byte[][] Create(int pieceLength, int lastLength, int pieces, ReadOnlySpan<byte> root)
    {
        byte[] extended = new ExtensionHandshake
        {
            Extensions = new Dictionary<string, byte> { ["ut_pex"] = 1, ["ut_metadata"] = 2, ["ut_holepunch"] = 4 },
            Client = "Example 1.0",
            MetadataSize = 1000,
            RequestQueue = 250,
            Port = 6881,
            YourIP = IPAddress.Parse("192.0.2.5"),
        }.ToBytes();
        byte[] pex = new PeerExchangeMessage { Added = [new ExchangedPeer(IPEndPoint.Parse("198.51.100.7:6881"), PeerExchangeFlags.Seed)], Dropped = [IPEndPoint.Parse("198.51.100.8:6881")] }.ToBytes();
        byte[] metadata = new MetadataMessage(MetadataMessageType.Request, 0).ToBytes();
        byte[] all = Bits(pieces, _ => true), none = new byte[all.Length];
        byte[] hello = [.. Message(MessageId.Extended, [0, .. extended]), .. Message(MessageId.Bitfield, all), .. Message(MessageId.Unchoke), .. Message(MessageId.Interested), .. Message(MessageId.Port, [0x1a, 0xe1])];
        List<byte> blocks = [.. hello];
        // The requested pieces: every other one, from the second on.
        for (int piece = 1; piece < pieces; piece += 4)
        {
            int length = piece == pieces - 1 ? lastLength : pieceLength;
            for (int begin = 0; begin < length; begin += BlockRequest.BlockLength)
                blocks.AddRange(Message(MessageId.Piece, [.. Numbers(piece, begin), .. new byte[Math.Min(BlockRequest.BlockLength, length - begin)]]));
        }

        return
        [
            [0, .. hello],
            [0, .. blocks],
            [60, .. Message(MessageId.Bitfield, none), .. Enumerable.Range(0, pieces).SelectMany(piece => Message(MessageId.Have, Numbers(piece))), .. Message(MessageId.Choke), .. Message(MessageId.Unchoke), 0, 0, 0, 0],
            [0, .. hello, .. Message(MessageId.Request, Numbers(0, 0, 16384)), .. Message(MessageId.Request, Numbers(2, 16384, 16384)), .. Message(MessageId.Request, Numbers(4, 0, 131072)),
                .. Message(MessageId.Cancel, Numbers(2, 16384, 16384)), .. Message(MessageId.NotInterested)],
            [3, .. hello, .. Message(MessageId.Extended, [PeerExchangeMessage.OwnId, .. pex]), .. Message(MessageId.Extended, [MetadataMessage.OwnId, .. metadata]), .. Message(MessageId.Extended, [9, .. metadata])],
            [0, .. hello, .. HashBytes(MessageId.HashRequest, root, Hashes), .. HashBytes(MessageId.HashRequest, root, new HashRange(0, 0, 2, 4)), .. HashBytes(MessageId.HashRequest, root, new HashRange(2, 0, 2, 0)),
                .. HashBytes(MessageId.Hashes, root, Hashes, Hashes.HashesLength), .. HashBytes(MessageId.HashReject, root, Hashes)],
            [0, .. HashBytes(MessageId.HashReject, root, Hashes)],
            [0, .. Message(MessageId.HaveAll), .. Message(MessageId.AllowedFast, Numbers(1)), .. Message(MessageId.Suggest, Numbers(3)), .. Message(MessageId.Reject, Numbers(1, 0, 16384)), .. Message(MessageId.HaveNone),
                .. Message(MessageId.HashRequest, new byte[48]), .. Message(MessageId.Hashes, new byte[112]), .. Message(MessageId.HashReject, new byte[48]), .. Message((MessageId)99, Encoding.ASCII.GetBytes("unknown"))],
        ];
    }

    private static byte[] HashBytes(MessageId id, ReadOnlySpan<byte> root, HashRange range, int hashes = 0)
    {
        byte[] bytes = new byte[HashMessage.Length + hashes];
        HashMessage.Write(bytes, id, root, range, hashes);
        return bytes;
    }

    private static byte[] Bits(int count, Func<int, bool> has)
    {
        byte[] bits = new byte[(count + 7) / 8];
        for (int i = 0; i < count; i++)
            bits[i / 8] |= (byte)(has(i) ? 0x80 >> (i % 8) : 0);
        return bits;
    }

    private static byte[] Numbers(params ReadOnlySpan<int> numbers)
    {
        byte[] bytes = new byte[4 * numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * i), numbers[i]);
        return bytes;
    }

    private static byte[] Message(MessageId id, params ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[5 + payload.Length];
        PeerMessage.WriteHeader(bytes, id, payload.Length);
        payload.CopyTo(bytes.AsSpan(5));
        return bytes;
    }
}
