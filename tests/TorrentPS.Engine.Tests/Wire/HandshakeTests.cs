using System.Text;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Wire;

public sealed class HandshakeTests
{
    private static readonly byte[] s_infoHash = [.. Enumerable.Range(0x40, 20).Select(value => (byte)value)];
    private static readonly byte[] s_peerId = Encoding.ASCII.GetBytes("-XY1234-abcdefghijkl");

    [Fact]
    public void Is_written_byte_for_byte()
    {
        byte[] bytes = new byte[Handshake.Length];
        Handshake.Write(bytes, s_infoHash, s_peerId);
        Assert.Equal(
            "13" + "426974546F7272656E742070726F746F636F6C" + "0000000000100004" + "404142434445464748494A4B4C4D4E4F50515253" + Convert.ToHexString(s_peerId),
            Convert.ToHexString(bytes));
    }

    [Theory]
    [InlineData(false, false, "0000000000100004")]
    [InlineData(true, false, "0000000000100005")]
    [InlineData(false, true, "0000000000100014")]
    [InlineData(true, true, "0000000000100015")]
    public void Its_bits_declare_a_DHT_node_and_a_v2_hash(bool usesDht, bool supportsV2, string reserved)
    {
        byte[] bytes = new byte[Handshake.Length];
        Handshake.Write(bytes, s_infoHash, s_peerId, usesDht, supportsV2);
        Assert.Equal(reserved, Convert.ToHexString(bytes.AsSpan(Handshake.ReservedOffset, 8)));
    }

    [Fact]
    public void Is_read_as_written()
    {
        byte[] bytes = new byte[Handshake.Length];
        Handshake.Write(bytes, s_infoHash, s_peerId);
        Handshake handshake = Handshake.Read(bytes)!;
        Assert.Equal(s_infoHash, handshake.InfoHash.ToArray());
        Assert.Equal(s_peerId, handshake.PeerId.ToArray());
        Assert.Equal(Handshake.OwnReserved, handshake.Reserved);
        Assert.True(handshake.SupportsExtensions && handshake.SupportsFast);
        Assert.False(handshake.SupportsDht || handshake.SupportsV2);
    }

    // Bytes and bits as the BEPs number them: byte 0 is the first reserved byte.
    [Theory]
    [InlineData(5, 0x10, true, false, false, false)] // BEP 10
    [InlineData(7, 0x01, false, true, false, false)] // BEP 5
    [InlineData(7, 0x04, false, false, true, false)] // BEP 6
    [InlineData(7, 0x10, false, false, false, true)] // BEP 52
    [InlineData(0, 0x80, false, false, false, false)]
    public void Reserved_bits_declare_a_clients_features(int position, byte value, bool extensions, bool dht, bool fast, bool v2)
    {
        byte[] bytes = new byte[Handshake.Length];
        Handshake.Write(bytes, s_infoHash, s_peerId);
        bytes.AsSpan(Handshake.ReservedOffset, 8).Clear();
        bytes[Handshake.ReservedOffset + position] = value;
        Handshake handshake = Handshake.Read(bytes)!;
        Assert.Equal((extensions, dht, fast, v2), (handshake.SupportsExtensions, handshake.SupportsDht, handshake.SupportsFast, handshake.SupportsV2));
    }

    [Fact]
    public void Needs_all_bytes_and_the_name()
    {
        byte[] bytes = new byte[Handshake.Length];
        Handshake.Write(bytes, s_infoHash, s_peerId);
        Assert.Null(Handshake.Read(bytes.AsSpan(0, Handshake.Length - 1)));
        for (int i = 0; i < Handshake.Prefix.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 0x20;
            Assert.Null(Handshake.Read(changed));
        }
    }

    [Fact]
    public void A_wrong_prefix_is_recognized_at_its_first_wrong_byte()
    {
        byte[] bytes = new byte[Handshake.Length];
        Handshake.Write(bytes, s_infoHash, s_peerId);
        for (int length = 0; length <= bytes.Length; length++)
        {
            Assert.True(Handshake.IsPrefix(bytes.AsSpan(0, length)));
            if (length is 0 || length > Handshake.Prefix.Length)
                continue;
            byte[] changed = bytes[..length];
            changed[^1]++;
            Assert.False(Handshake.IsPrefix(changed));
        }

        Assert.False(Handshake.IsPrefix("HTTP/1.1"u8));
    }

    [Theory]
    [InlineData(19, 20)]
    [InlineData(21, 20)]
    [InlineData(20, 19)]
    [InlineData(20, 21)]
    public void Wrong_lengths_are_not_written(int infoHashLength, int peerIdLength) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Handshake.Write(new byte[Handshake.Length], new byte[infoHashLength], new byte[peerIdLength]));
}
