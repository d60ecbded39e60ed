using FsCheck.Xunit;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Wire;

public sealed class PeerMessageTests
{
    [Fact]
    public void Messages_are_written_byte_for_byte()
    {
        Assert.Equal("00000000", Written(4, PeerMessage.WriteKeepAlive));
        Assert.Equal("0000000102", Written(5, span => PeerMessage.WriteState(span, MessageId.Interested)));
        Assert.Equal("000000050400010203", Written(9, span => PeerMessage.WriteHave(span, 0x010203)));
        Assert.Equal("0000000D06000000070000400000001000", Written(17, span => PeerMessage.WriteBlock(span, MessageId.Request, new BlockRequest(7, 0x4000, 0x1000))));
        Assert.Equal("0000000D08000000070000400000001000", Written(17, span => PeerMessage.WriteBlock(span, MessageId.Cancel, new BlockRequest(7, 0x4000, 0x1000))));
        Assert.Equal("00004009070000000700008000", Written(13, span => PeerMessage.WritePieceHeader(span, new BlockRequest(7, 0x8000, 0x4000))));
        Assert.Equal("0000000405", Written(5, span => PeerMessage.WriteHeader(span, MessageId.Bitfield, 3)));
        Assert.Equal("000000051400", Written(6, span => PeerMessage.WriteExtendedHeader(span, ExtensionHandshake.ExtendedId, 3)));
    }

    [Property]
    public bool A_request_is_read_as_written(int piece, int begin, int length)
    {
        BlockRequest block = new(piece & int.MaxValue, begin & int.MaxValue, (length & int.MaxValue) | 1);
        byte[] bytes = new byte[PeerMessage.RequestLength];
        PeerMessage.WriteBlock(bytes, MessageId.Request, block);
        return PeerMessage.TryReadBlock(bytes.AsSpan(5), out BlockRequest read) && read == block;
    }

    [Theory]
    [InlineData("0000000000000000000000")]
    [InlineData("00000000000000000000000000")]
    [InlineData("000000000000000000000000")] // no length
    [InlineData("800000000000000000000001")]
    [InlineData("000000008000000000000001")]
    [InlineData("000000000000000080000001")]
    public void Nonsensical_requests_are_refused(string payload) =>
        Assert.False(PeerMessage.TryReadBlock(Convert.FromHexString(payload), out _));

    [Fact]
    public void Messages_that_name_a_piece_or_a_port_are_written_byte_for_byte()
    {
        Assert.Equal("000000050D00010203", Written(9, span => PeerMessage.WritePiece(span, MessageId.Suggest, 0x010203)));
        Assert.Equal("000000051100010203", Written(9, span => PeerMessage.WritePiece(span, MessageId.AllowedFast, 0x010203)));
        Assert.Equal("00000003091AE1", Written(7, span => PeerMessage.WritePort(span, 6881)));
    }

    [Theory]
    [InlineData(MessageId.Choke, 64)]
    [InlineData(MessageId.Have, 64)]
    [InlineData(MessageId.Bitfield, 1 + 13)]
    [InlineData(MessageId.Request, 64)]
    [InlineData(MessageId.Piece, 9 + 16384)]
    [InlineData(MessageId.Port, 64)]
    [InlineData((MessageId)10, 0)]
    [InlineData((MessageId)12, 0)]
    [InlineData(MessageId.Suggest, 64)]
    [InlineData(MessageId.AllowedFast, 64)]
    [InlineData((MessageId)18, 0)]
    [InlineData((MessageId)19, 0)]
    [InlineData(MessageId.Extended, 65538)]
    [InlineData(MessageId.HashRequest, 64)]
    [InlineData(MessageId.Hashes, 65538)]
    [InlineData(MessageId.HashReject, 64)]
    [InlineData((MessageId)24, 0)]
    internal void No_message_is_longer_than_the_longest_of_its_type(MessageId id, int longest) => Assert.Equal(longest, PeerMessage.LongestOf(id, 97));

    private static string Written(int length, SpanAction write)
    {
        byte[] bytes = new byte[length];
        write(bytes);
        return Convert.ToHexString(bytes);
    }

    private delegate void SpanAction(Span<byte> span);
}
