using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Wire;

public sealed class MetadataMessageTests
{
    // The messages of BEP 9.
    [Fact]
    public void Is_written_as_specified()
    {
        Assert.Equal("d8:msg_typei0e5:piecei0ee", Text(new MetadataMessage(MetadataMessageType.Request, 0)));
        Assert.Equal("d8:msg_typei1e5:piecei0e10:total_sizei34256ee", Text(new MetadataMessage(MetadataMessageType.Data, 0, 34256)));
        Assert.Equal("d8:msg_typei2e5:piecei3ee", Text(new MetadataMessage(MetadataMessageType.Reject, 3)));
    }

    [Fact]
    public void The_data_follows_the_dictionary()
    {
        MetadataMessage message = Read("d8:msg_typei1e5:piecei1e10:total_sizei16390eed4:e", out string data);
        Assert.Equal(new MetadataMessage(MetadataMessageType.Data, 1, 16390), message);
        Assert.Equal("d4:e", data);
    }

    [Fact]
    public void Unknown_sizes_are_accepted()
    {
        Assert.Equal(new MetadataMessage((MetadataMessageType)7, 2), Read("d3:abcl1:xe8:msg_typei7e5:piecei2e1:zdee", out _));
        Assert.Null(Read("d8:msg_typei1e5:piecei0e10:total_sizei31457281ee", out _).TotalSize);
        Assert.Null(Read("d8:msg_typei1e5:piecei0e10:total_sizei-5ee", out _).TotalSize);
        Assert.Equal(MetadataMessage.MaxSize, Read("d8:msg_typei1e5:piecei0e10:total_sizei31457280ee", out _).TotalSize);
    }

    [Theory]
    [InlineData("")]
    [InlineData("i1e")]
    [InlineData("d8:msg_typei0e")]
    [InlineData("d8:msg_typei0ee")]
    [InlineData("d5:piecei0ee")]
    [InlineData("d8:msg_typei-1e5:piecei0ee")]
    [InlineData("d8:msg_typei0e5:piecei-1ee")]
    [InlineData("d8:msg_typei0e5:piecei1920ee")]
    [InlineData("d8:msg_typei0e5:piecei9223372036854775807ee")]
    [InlineData("d8:msg_type1:05:piece1:0e")]
    public void A_broken_promise_is_a_fault(string text) => Assert.Throws<BencodeException>(() => Read(text, out _));

    [Fact]
    public void A_message_is_no_longer_than_a_piece_and_its_dictionary() =>
        Assert.Throws<BencodeException>(() => Read("d8:msg_typei1e5:piecei0ee" + new string('x', MetadataMessage.BlockLength + 1024), out _));

    [Fact]
    public void Explains_errors()
    {
        Assert.Equal("The metadata message is not a dictionary (byte 0)", Assert.Throws<BencodeException>(() => Read("le", out _)).Message);
        Assert.Equal("The metadata message has no type (byte 0)", Assert.Throws<BencodeException>(() => Read("d8:msg_typei2147483648e5:piecei0ee", out _)).Message);
        Assert.Equal("The metadata message has no type (byte 0)", Assert.Throws<BencodeException>(() => Read("d5:piecei0ee", out _)).Message);
        Assert.Equal("The metadata message is about no piece that there can be (byte 0)", Assert.Throws<BencodeException>(() => Read("d8:msg_typei0ee", out _)).Message);
        Assert.Equal(new MetadataMessage((MetadataMessageType)int.MaxValue, 1919), Read("d8:msg_typei2147483647e5:piecei1919ee", out _));
        Assert.Equal(1, Read("d8:msg_typei1e5:piecei0e10:total_sizei1ee", out _).TotalSize);
        Assert.Null(Read("d8:msg_typei1e5:piecei0e10:total_sizei0ee", out _).TotalSize);
    }

    [Fact]
    public void A_metadata_message_is_read_up_to_the_length_of_a_piece_and_a_sane_number_of_values()
    {
        const string Dictionary = "d8:msg_typei1e5:piecei0ee";
        Read(Dictionary + new string('x', MetadataMessage.BlockLength + 1024 - Dictionary.Length), out string data);
        Assert.Equal(MetadataMessage.BlockLength + 1024 - Dictionary.Length, data.Length);
        Assert.Throws<BencodeException>(() => Read($"d1:al{string.Concat(Enumerable.Repeat("i1e", 100))}e8:msg_typei1e5:piecei0ee", out _));
        Read($"d1:al{string.Concat(Enumerable.Repeat("i1e", 91))}e8:msg_typei1e5:piecei0ee", out _);
        Assert.Throws<BencodeException>(() => Read($"d1:a{new string('l', 10)}{new string('e', 10)}8:msg_typei1e5:piecei0ee", out _));
        Read($"d1:a{new string('l', 9)}{new string('e', 9)}8:msg_typei1e5:piecei0ee", out _);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(16384, 1, 16384)]
    [InlineData(16385, 2, 1)]
    [InlineData(MetadataMessage.MaxSize, 1920, 16384)]
    public void The_last_piece_has_what_is_left(int size, int pieces, int last)
    {
        Assert.Equal(pieces, MetadataMessage.PieceCount(size));
        Assert.Equal(last, MetadataMessage.LengthOf(pieces - 1, size));
    }

    [Property(MaxTest = 500)]
    public void Any_bytes_end_in_a_message_or_a_fault(byte[] bytes)
    {
        byte[] prefixed = [.. "d8:msg_type"u8, .. bytes ?? []];
        try
        {
            Assert.InRange(MetadataMessage.Read(prefixed, out _).Piece, 0, 1919);
        }
        catch (BencodeException)
        {
            // expected
        }
    }

    private static string Text(MetadataMessage message) => Encoding.ASCII.GetString(message.ToBytes());

    private static MetadataMessage Read(string text, out string data)
    {
        MetadataMessage message = MetadataMessage.Read(Encoding.ASCII.GetBytes(text), out ReadOnlySpan<byte> behind);
        data = Encoding.ASCII.GetString(behind);
        return message;
    }
}
