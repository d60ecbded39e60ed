using System.Net;
using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Wire;

public sealed class PeerExchangeMessageTests
{
    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);

    private static IPEndPoint At(string text) => IPEndPoint.Parse(text);

    [Fact]
    public void It_is_written_in_order_without_empty_lists()
    {
        var message = new PeerExchangeMessage
        {
            Added = [new(At("1.2.3.4:258"), PeerExchangeFlags.Seed | PeerExchangeFlags.Reachable), new(At("[::1]:1"), PeerExchangeFlags.None), new(At("5.6.7.8:1"), PeerExchangeFlags.None)],
            Dropped = [At("9.9.9.9:9")],
        };
        Assert.Equal(
            "d5:added12:\x01\x02\x03\x04\x01\x02\x05\x06\x07\x08\0\x01" + "7:added.f2:\x12\0" + "6:added618:\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x01" + "8:added6.f1:\0" + "7:dropped6:\t\t\t\t\0\te",
            Encoding.Latin1.GetString(message.ToBytes()));
    }

    [Fact]
    public void A_written_message_is_read_unchanged()
    {
        var message = new PeerExchangeMessage
        {
            Added = [new(At("1.2.3.4:258"), PeerExchangeFlags.Seed), new(At("[2001:db8::1]:6881"), (PeerExchangeFlags)0x1f)],
            Dropped = [At("9.9.9.9:9"), At("[2001:db8::2]:6881")],
        };
        PeerExchangeMessage read = PeerExchangeMessage.Read(message.ToBytes());
        Assert.Equal(message.Added, read.Added);
        Assert.Equal(message.Dropped, read.Dropped);
    }

    [Fact]
    public void Flags_may_be_missing_and_lists_may_have_extra_bytes()
    {
        PeerExchangeMessage read = PeerExchangeMessage.Read(Bytes("d5:added13:\x01\x02\x03\x04\0\x05\x01\x02\x03\x05\0\x06x7:added.f1:\x02" + "7:droppedi5e1:zlee"));
        Assert.Equal([new(At("1.2.3.4:5"), PeerExchangeFlags.Seed), new ExchangedPeer(At("1.2.3.5:6"), PeerExchangeFlags.None)], read.Added);
        Assert.Empty(read.Dropped);
    }

    [Fact]
    public void Each_address_is_read_once_and_none_is_both_added_and_dropped()
    {
        PeerExchangeMessage read = PeerExchangeMessage.Read(Bytes("d5:added12:\x01\x02\x03\x04\0\x05\x01\x02\x03\x04\0\x05" + "7:dropped18:\x01\x02\x03\x04\0\x05\x09\x09\x09\x09\0\x05\x09\x09\x09\x09\0\x05" + "e"));
        Assert.Equal(At("1.2.3.4:5"), Assert.Single(read.Added).EndPoint);
        Assert.Equal(At("9.9.9.9:5"), Assert.Single(read.Dropped));
    }

    [Fact]
    public void At_most_a_hundred_addresses_of_each_list_are_read()
    {
        byte[] Numbers(int length, int count) => [.. Enumerable.Range(0, count).SelectMany(i => (byte[])[.. new byte[length - 4], (byte)(i >> 8), (byte)i, 1, 1])];
        PeerExchangeMessage read = PeerExchangeMessage.Read([
            .. Bytes("d5:added3000:"), .. Numbers(6, 500), .. Bytes("6:added69000:"), .. Numbers(18, 500),
            .. Bytes("7:dropped3000:"), .. Numbers(6, 500).Select(value => (byte)(value ^ 0x80)), .. Bytes("e")]);
        Assert.Equal(2 * PeerExchangeMessage.MaxRead, read.Added.Count);
        Assert.Equal(PeerExchangeMessage.MaxRead, read.Dropped.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("le")]
    [InlineData("i5e")]
    [InlineData("d5:added")]
    [InlineData("d5:added99999999:")]
    public void A_reply_that_is_not_a_dictionary_is_an_error(string text) => Assert.Throws<BencodeException>(() => PeerExchangeMessage.Read(Bytes(text)));

    [Fact]
    public void Too_many_values_are_an_error() =>
        Assert.Throws<BencodeException>(() => PeerExchangeMessage.Read(Bytes($"d1:xl{string.Concat(Enumerable.Repeat("i1e", 300))}ee")));

    [Fact]
    public void A_reply_that_is_not_a_dictionary_is_reported_and_depth_is_limited()
    {
        Assert.Equal("The peer exchange message is not a dictionary (byte 0)", Assert.Throws<BencodeException>(() => PeerExchangeMessage.Read(Bytes("le"))).Message);
        Assert.Empty(PeerExchangeMessage.Read(Bytes($"d1:x{new string('l', 9)}{new string('e', 9)}e")).Added);
        Assert.Throws<BencodeException>(() => PeerExchangeMessage.Read(Bytes($"d1:x{new string('l', 10)}{new string('e', 10)}e")));
        Assert.Empty(PeerExchangeMessage.Read(Bytes($"d1:xl{string.Concat(Enumerable.Repeat("i1e", 195))}ee")).Added);
        Assert.Throws<BencodeException>(() => PeerExchangeMessage.Read(Bytes($"d1:xl{string.Concat(Enumerable.Repeat("i1e", 196))}ee")));
        Assert.Single(PeerExchangeMessage.Read(Bytes("d5:added6:\u0001\u0002\u0003\u0004\0\u0005etrailing")).Added);
    }

    [Property]
    public void Anything_is_read_or_refused(byte[] bytes)
    {
        foreach (byte[] message in (byte[][])[bytes, [.. Bytes($"d5:added{bytes.Length}:"), .. bytes, (byte)'e']])
            Assert.True(Record.Exception(() => PeerExchangeMessage.Read(message)) is null or BencodeException);
    }
}
