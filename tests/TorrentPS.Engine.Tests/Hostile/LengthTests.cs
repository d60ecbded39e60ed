using System.Buffers.Binary;
using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>
/// Lengths that demand undue memory or time: of peer messages (CVE-2026-57080) and of the handshake's name, the depth of bencoded data (CVE-2026-57081), of paths
/// (CVE-2009-1759), the number of addresses in a magnet link (CVE-2010-1853).
/// </summary>
public sealed class LengthTests
{
    [Theory]
    [InlineData(PeerMessage.MaxLength + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void A_peer_message_is_refused_before_memory_is_allocated_for_it(int length)
    {
        using TestLoop loop = new();
        using SampleSwarm swarm = new(Sample.Make(16384, 1, ("data", 16384)), isSeed: false);
        (MemoryPeerStream ours, MemoryPeerStream peer) = MemoryPeerStream.Create();
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, swarm.Sample.Torrent.InfoHash.Wire, PeerId.Create());
        PeerSession session = new(swarm, new PeerConnection(ours, Handshake.Read(handshake)!), 1);
        loop.Run(() => _ = session.RunAsync());
        byte[] prefix = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(prefix, length);
        long before = GC.GetAllocatedBytesForCurrentThread();
        loop.Run(() => peer.Send(prefix));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
        Assert.Equal(PeerClose.Violation, swarm.Reason);
    }

    [Theory]
    [InlineData(18)]
    [InlineData(20)]
    [InlineData(255)]
    public void A_handshake_has_one_length(byte length)
    {
        byte[] bytes = new byte[1 + 255 + 48];
        Handshake.Write(bytes, new byte[20], new byte[20]);
        bytes[0] = length;
        Assert.Null(Handshake.Read(bytes));
        Assert.False(Handshake.IsPrefix(bytes.AsSpan(0, 1)));
    }

    [Theory]
    [InlineData("l")]
    [InlineData("d1:a")]
    [InlineData("d0:")]
    public void Depth_is_limited(string open)
    {
        byte[] data = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(open, 150_000)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.ThrowsAny<TorrentException>(() => Torrent.Parse(data));
        Assert.ThrowsAny<TorrentException>(() => Torrent.Parse(Encoding.ASCII.GetBytes($"d4:info{Encoding.ASCII.GetString(data)}")));
        Assert.Throws<BencodeException>(() => BencodeConvert.Decode(data));
        Assert.Throws<BencodeException>(() => ExtensionHandshake.Read(data));
        Assert.Throws<BencodeException>(() => MetadataMessage.Read(data, out _));
        Assert.Throws<BencodeException>(() => PeerExchangeMessage.Read(data));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 10_000_000);
    }

    [Fact]
    public void Paths_are_limited_in_length_and_depth()
    {
        Assert.Equal(MetainfoLimits.ComponentBytes, Encoding.UTF8.GetByteCount(Torrent.ParseInfo(HostileTorrents.SingleFile(new string('é', 100_000)), null).Name));
        string[] deep = [.. Enumerable.Repeat("d", MetainfoLimits.DirectoryDepth + 1)], wide = [.. Enumerable.Repeat(new string('w', 255), 20)];
        foreach (byte[] info in (byte[][])[HostileTorrents.Folder("T", deep), HostileTorrents.Tree("T", deep)])
            Assert.Contains("more than 100", Assert.ThrowsAny<TorrentException>(() => Torrent.ParseInfo(info, null)).Message, StringComparison.Ordinal);
        foreach (byte[] info in (byte[][])[HostileTorrents.Folder("T", wide), HostileTorrents.Tree("T", wide)])
            Assert.Equal(TorrentErrorId.UnsafePath, Assert.ThrowsAny<TorrentException>(() => Torrent.ParseInfo(info, null)).ErrorId);
    }

    [Fact]
    public void A_magnet_link_has_a_maximum_number_of_addresses()
    {
        string link = HostileTorrents.Link([]);
        string trackers = string.Concat(Enumerable.Range(0, 1000).Select(i => $"&tr=udp://a{i}:1")), seeds = string.Concat(Enumerable.Range(0, 1000).Select(i => $"&ws=http://a{i}/"));
        MagnetLink read = MagnetLink.Parse(link + trackers + seeds);
        Assert.Equal((500, 500), (read.Trackers.Count, read.WebSeeds.Count));
        Assert.Equal(TorrentErrorId.InvalidMagnetUri, Assert.Throws<TorrentException>(() => MagnetLink.Parse(link + string.Concat(Enumerable.Repeat(trackers, 5)))).ErrorId);
    }

    [Theory]
    [InlineData("d4:infod6:lengthi9223372036854775807e4:name1:a12:piece lengthi16384e6:pieces0:ee")]
    [InlineData("d4:infod6:lengthi9e4:name1:a12:piece lengthi9223372036854775807e6:pieces0:ee")]
    [InlineData("d4:infod6:lengthi9e4:name1:a12:piece lengthi0e6:pieces0:ee")]
    [InlineData("d4:infod6:lengthi9e4:name1:a12:piece lengthi-1e6:pieces0:ee")]
    [InlineData("d4:infod6:lengthi140737488355327e4:name1:a12:piece lengthi1e6:pieces0:ee")]
    [InlineData("d4:infod5:filesld6:lengthi281474976710655e4:pathl1:aeed6:lengthi281474976710655e4:pathl1:beee4:name1:T12:piece lengthi536854528e6:pieces0:ee")]
    [InlineData("d4:infod6:lengthi9e4:name1:a12:piece lengthi16384e6:pieces2147483647:aee")]
    [InlineData("d4:infod6:lengthi9e4:name1:a12:piece lengthi16384e6:pieces4294967296:aee")]
    [InlineData("d4:infod6:lengthi9e4:name99999999999999999999:aee")]
    public void Sums_and_products_do_not_overflow(string torrent) => Assert.ThrowsAny<TorrentException>(() => Torrent.Parse(Encoding.ASCII.GetBytes(torrent)));

    [Fact]
    public void A_torrent_has_a_maximum_of_bytes_tokens_and_pieces()
    {
        Assert.Equal(TorrentErrorId.InvalidTorrent, Assert.Throws<TorrentException>(() => Torrent.Parse(new byte[MetainfoLimits.TorrentBytes + 1])).ErrorId);
        Assert.Equal(TorrentErrorId.InvalidTorrent, Assert.Throws<TorrentException>(() => Torrent.ParseInfo(new byte[MetainfoLimits.TorrentBytes + 1], null)).ErrorId);
        Assert.Throws<BencodeException>(() => Torrent.Parse(Encoding.ASCII.GetBytes($"d1:al{string.Concat(Enumerable.Repeat("le", 1_500_001))}ee")));
        byte[] pieces = Encoding.ASCII.GetBytes($"d6:lengthi{MetainfoLimits.Pieces + 1L}e4:name1:a12:piece lengthi1e6:pieces0:e");
        Assert.Contains("more than 2097152 pieces", Assert.Throws<TorrentException>(() => Torrent.ParseInfo(pieces, null)).Message);
    }
}
