using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Records;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>
/// Inputs that broke the parsers of other clients: bencoded data (CVE-2017-9847, CVE-2018-10756, CVE-2015-5685), bitfields (CVE-2014-4909), the file of DHT nodes
/// (CVE-2009-3575), compressed replies of trackers (CVE-2016-7164).
/// </summary>
public sealed class ParserTests
{
    [Theory]
    [InlineData("")]
    [InlineData("i")]
    [InlineData("i-")]
    [InlineData("ie")]
    [InlineData("i-0e")]
    [InlineData("i00e")]
    [InlineData("i9223372036854775808e")]
    [InlineData("i-9223372036854775809e")]
    [InlineData("1")]
    [InlineData("2147483648:")]
    [InlineData("2147483647:a")]
    [InlineData("18446744073709551617:a")]
    [InlineData("-1:a")]
    [InlineData("01:a")]
    [InlineData("1a")]
    [InlineData("l")]
    [InlineData("e")]
    [InlineData("d")]
    [InlineData("di1ei1ee")]
    [InlineData("d1:ae")]
    [InlineData("d1:a1:b1:c")]
    [InlineData("dle1:ae")]
    [InlineData("l1:ae1:b")]
    public void Bencoded_data_is_complete_or_refused_at_a_byte(string data)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(data);
        BencodeException error = Assert.Throws<BencodeException>(() =>
        {
            BencodeReader reader = new(bytes);
            while (reader.Read())
                continue;
        });
        Assert.InRange(error.ByteOffset, 0, bytes.Length);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 8)]
    [InlineData(1, 9)]
    [InlineData(3, 9)]
    [InlineData(262_143, MetainfoLimits.Pieces)]
    public void A_bitfield_has_the_length_of_its_torrent(int bytes, int pieces) => Assert.False(Bitfield.TryCreate(new byte[bytes], pieces, out _));

    [Fact]
    public void A_bitfield_has_no_spare_bits()
    {
        Assert.True(Bitfield.TryCreate([0xff, 0x80], 9, out _));
        Assert.False(Bitfield.TryCreate([0xff, 0xc0], 9, out _));
        Assert.False(Bitfield.TryCreate([0xff, 0x81], 9, out _));
    }

    [Fact]
    public void A_damaged_node_file_is_ignored()
    {
        DhtState state = new() { IdV4 = NodeId.Random(), NodesV4 = [new DhtContact(NodeId.Random(), IPEndPoint.Parse("192.0.2.1:1")), new DhtContact(NodeId.Random(), IPEndPoint.Parse("192.0.2.2:2"))] };
        byte[] good = state.Write();
        Assert.Equal(2, DhtState.Read(good)!.NodesV4.Count);
        for (int length = 0; length < good.Length; length++)
            _ = DhtState.Read(good.AsSpan(0, length));
        for (int place = 0; place < good.Length; place++)
        {
            byte[] bad = [.. good];
            bad[place] ^= 0x55;
            _ = DhtState.Read(bad);
        }
    }

    [Fact]
    public void A_damaged_resume_file_is_ignored()
    {
        Torrent torrent = Sample.Make(16, 1, ("a", 100), ("b", 60)).Torrent;
        byte[] good = new ResumeRecord(new Bitfield(torrent.PieceCount), [true, false], [1, 2, 3], [4, 5, 6], "boot").Encode(torrent.InfoHash);
        Assert.NotNull(ResumeRecord.Decode(good, torrent));
        for (int place = 0; place < good.Length; place++)
        {
            byte[] bad = [.. good];
            bad[place] ^= 0x01;
            Assert.Null(ResumeRecord.Decode(bad, torrent));
            Assert.Null(ResumeRecord.Decode(good.AsSpan(0, place), torrent));
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public void A_compressed_reply_is_limited_by_its_decompressed_length(string encoding)
    {
        MemoryStream packed = new();
        using (Stream stream = encoding == "gzip" ? new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true) : new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 64; i++)
                stream.Write(zeros);
        }

        byte[] reply = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {packed.Length}\r\n\r\n"), .. packed.ToArray()];
        long before = GC.GetAllocatedBytesForCurrentThread();
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Take(reply));
        Assert.Contains("longer than", error.Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 16 << 20);
    }

    [Theory]
    [InlineData("Content-Length: -1\r\n\r\n")]
    [InlineData("Content-Length: 18446744073709551617\r\n\r\n")]
    [InlineData("Content-Length: 1048577\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nffffffff\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n100000000\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n-1\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n\r\n")]
    public void Reply_lengths_do_not_overflow(string rest) => Assert.Throws<InvalidDataException>(() => Take(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{rest}")));

    [Fact]
    public void A_truncated_UDP_scrape_is_read_as_far_as_it_goes()
    {
        byte[] datagram = new byte[UdpTrackerReply.HeaderLength + 3 * UdpTrackerReply.CountsLength];
        BinaryPrimitives.WriteInt32BigEndian(datagram, (int)UdpTrackerAction.Scrape);
        for (int length = UdpTrackerReply.HeaderLength; length <= datagram.Length; length++)
        {
            var counts = new ScrapeCounts?[3];
            UdpTrackerReply.ReadScrape(datagram.AsSpan(0, length), counts);
            Assert.Equal((length - UdpTrackerReply.HeaderLength) / UdpTrackerReply.CountsLength, counts.Count(one => one is not null));
        }
    }

    private static void Take(ReadOnlySpan<byte> bytes)
    {
        HttpReplyParser parser = new(HttpTracker.MaxReplyLength);
        while (true)
        {
            int count = Math.Min(bytes.Length, parser.Free.Length);
            bytes[..count].CopyTo(parser.Free.Span);
            bytes = bytes[count..];
            if (parser.Advance(count))
                break;
        }

        parser.Reply(IPAddress.Loopback);
    }
}
