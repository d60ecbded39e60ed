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
    public void Requests_that_make_no_sense_are_refused(string payload) =>
        Assert.False(PeerMessage.TryReadBlock(Convert.FromHexString(payload), out _));

    private static string Written(int length, SpanAction write)
    {
        byte[] bytes = new byte[length];
        write(bytes);
        return Convert.ToHexString(bytes);
    }

    private delegate void SpanAction(Span<byte> span);
}
