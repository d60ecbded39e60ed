using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Tests.Transport.Utp;

public sealed class UtpHeaderTests
{
    /// <summary>The layout of BEP 29: type and version, extension, connection id, two timestamps, window, two sequence numbers.</summary>
    private const string Syn = "41001234" + "01020304" + "05060708" + "00100000" + "abcd" + "0ff0";

    [Fact]
    public void A_header_follows_BEP_29()
    {
        byte[] bytes = new byte[UtpHeader.Length];

        new UtpHeader(UtpPacketType.Syn, 0x1234, 0x01020304, 0x05060708, 1 << 20, 0xabcd, 0x0ff0).Write(bytes);

        Assert.Equal(Syn, Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void A_header_is_read_as_written()
    {
        Assert.True(UtpHeader.TryRead(Convert.FromHexString(Syn + "c0ffee"), out UtpHeader header, out ReadOnlySpan<byte> bits, out ReadOnlySpan<byte> payload));

        Assert.Equal(new UtpHeader(UtpPacketType.Syn, 0x1234, 0x01020304, 0x05060708, 1 << 20, 0xabcd, 0x0ff0), header);
        Assert.True(bits.IsEmpty);
        Assert.Equal(Convert.FromHexString("c0ffee"), payload.ToArray());
    }

    [Fact]
    public void Extensions_are_skipped_and_the_selective_ack_is_found()
    {
        // An unknown extension of three bytes, then the bits, then data.
        string packet = "21" + "07" + Syn[4..] + "01" + "03" + "aabbcc" + "00" + "04" + "0100000a" + "dd";

        Assert.True(UtpHeader.TryRead(Convert.FromHexString(packet), out UtpHeader header, out ReadOnlySpan<byte> bits, out ReadOnlySpan<byte> payload));

        Assert.Equal(UtpPacketType.State, header.Type);
        Assert.Equal(Convert.FromHexString("0100000a"), bits.ToArray());
        Assert.Equal([0xdd], payload.ToArray());
    }

    [Theory]
    [InlineData("4100123401020304050607080010000000abcd")] // 19 bytes
    [InlineData("42001234010203040506070800100000abcd0ff0")] // version 2
    [InlineData("51001234010203040506070800100000abcd0ff0")] // type 5
    [InlineData("41011234010203040506070800100000abcd0ff0")] // a missing extension
    [InlineData("41011234010203040506070800100000abcd0ff00005aabbccdd")] // a truncated one
    [InlineData("64313a6164323a696432303a6162636465666768696a")] // a DHT message
    [InlineData("")]
    public void An_invalid_packet_is_not_read(string packet) =>
        Assert.False(UtpHeader.TryRead(Convert.FromHexString(packet), out _, out _, out _));

    [Theory]
    [InlineData("000105", "05")] // no more bytes than needed, as libtorrent does, though BEP 29 requires multiples of four
    [InlineData("0003aabbcc", "aabbcc")]
    [InlineData("000501000000ff", "01000000ff")]
    [InlineData("0000", "")]
    public void Bits_of_any_length_are_used(string extension, string expected)
    {
        Assert.True(UtpHeader.TryRead(Convert.FromHexString("2101" + Syn[4..] + extension), out _, out ReadOnlySpan<byte> bits, out ReadOnlySpan<byte> payload));
        Assert.Equal(expected, Convert.ToHexStringLower(bits));
        Assert.True(payload.IsEmpty);
    }
}
