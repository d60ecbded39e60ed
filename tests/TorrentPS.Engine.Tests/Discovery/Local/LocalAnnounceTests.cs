using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Discovery.Local;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Discovery.Local;

public sealed class LocalAnnounceTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef01234567";

    private static InfoHash Hash(string hex) => InfoHash.Create(Convert.FromHexString(hex));

    [Theory]
    [InlineData(AddressFamily.InterNetwork, "239.192.152.143:6771")]
    [InlineData(AddressFamily.InterNetworkV6, "[ff15::efc0:988f]:6771")]
    public void A_message_is_written_as_the_specification_says(AddressFamily family, string host) =>
        Assert.Equal(
            $"BT-SEARCH * HTTP/1.1\r\nHost: {host}\r\nPort: 6881\r\nInfohash: {Hex}\r\ncookie: 1f2e\r\n\r\n\r\n",
            Encoding.ASCII.GetString(new LocalAnnounce(6881, [Hash(Hex)], "1f2e").ToBytes(family)));

    [Fact]
    public void A_written_message_is_read_unchanged_and_fits_into_a_packet()
    {
        var announce = new LocalAnnounce(6881, [.. Enumerable.Range(0, LocalAnnounce.MaxTorrents).Select(i => Hash($"{i:x40}"))], "abc");
        byte[] bytes = announce.ToBytes(AddressFamily.InterNetworkV6);
        Assert.InRange(bytes.Length, 1, LocalAnnounce.MaxLength);
        Assert.True(LocalAnnounce.TryRead(bytes, out LocalAnnounce read));
        Assert.Equal((6881, "abc"), (read.Port, read.Cookie));
        Assert.Equal(announce.InfoHashes, read.InfoHashes);
    }

    [Theory]
    [InlineData($"BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: {Hex}\r\n\r\n\r\n", 1)]
    [InlineData($"bt-search * http/1.1\nPORT:  65535 \nX: y\ninfohash:{Hex}\n\n", 65535)]
    [InlineData($"BT-SEARCH * HTTP/1.1\r\nInfohash: {Hex}\r\nInfohash: nonsense\r\nPort: 0\r\n", 0)]
    public void Messages_of_other_clients_are_read(string text, int port)
    {
        Assert.True(LocalAnnounce.TryRead(Encoding.ASCII.GetBytes(text), out LocalAnnounce announce));
        Assert.Equal((port, null), (announce.Port, announce.Cookie));
        Assert.Equal([Hash(Hex)], announce.InfoHashes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("BT-SEARCH * HTTP/1.1")]
    [InlineData($"GET * HTTP/1.1\r\nPort: 1\r\nInfohash: {Hex}\r\n\r\n")]
    [InlineData($"BT-SEARCH * HTTP/1.1\r\nInfohash: {Hex}\r\n\r\n")]
    [InlineData($"BT-SEARCH * HTTP/1.1\r\nPort: 65536\r\nInfohash: {Hex}\r\n\r\n")]
    [InlineData($"BT-SEARCH * HTTP/1.1\r\nPort: -1\r\nInfohash: {Hex}\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n\r\n")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: 0123\r\n\r\n")]
    [InlineData($"BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: {Hex}{Hex}aaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n")]
    [InlineData($"BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: {Hex}\r\ncookie: \u00ff\r\n\r\n")]
    public void Anything_else_is_not_plain(string text) => Assert.False(LocalAnnounce.TryRead(Encoding.Latin1.GetBytes(text), out _));

    [Fact]
    public void Too_many_torrents_and_too_long_messages_are_not_read()
    {
        string many = string.Concat(Enumerable.Range(0, LocalAnnounce.MaxTorrents + 1).Select(i => $"Infohash: {i:x40}\r\n"));
        Assert.False(LocalAnnounce.TryRead(Encoding.ASCII.GetBytes($"BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n{many}\r\n"), out _));
        Assert.False(LocalAnnounce.TryRead(Encoding.ASCII.GetBytes($"BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: {Hex}\r\nX: {new string('x', 1400)}\r\n\r\n"), out _));
    }
}
