using System.Globalization;
using System.IO.Compression;
using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Net;

/// <summary>Files with lists of addresses, and the addresses they block.</summary>
public sealed class IPFilterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lists_of_several_kinds_block_together()
    {
        IPFilter filter = IPFilter.Load([
            Write("a.p2p", "# made\nfirst:1.2.3.4-1.2.3.9\nsecond:1.2.3.10-1.2.3.20\n"),
            Write("b.dat", "002.000.000.000 - 002.000.000.255 , 000 , x\r\n002.000.001.000 - 002.000.001.255 , 200 , allowed\r\n"),
            Write("c.txt", "3.0.0.0/8\n2001:db8::/32"),
        ]);
        Assert.Equal(4, filter.RangeCount); // the first two touch
        Assert.Empty(filter.Warnings);
        Assert.All(["1.2.3.4", "1.2.3.15", "1.2.3.20", "2.0.0.255", "3.255.255.255", "2001:db8:ffff::1", "::ffff:3.4.5.6"], address => Assert.True(filter.Blocks(IPAddress.Parse(address)), address));
        Assert.All(["1.2.3.3", "1.2.3.21", "2.0.1.0", "4.0.0.0", "2001:db9::", "::", "0.0.0.0", "255.255.255.255"], address => Assert.False(filter.Blocks(IPAddress.Parse(address)), address));
    }

    [Fact]
    public void An_address_is_found_in_the_systems_format()
    {
        IPFilter filter = IPFilter.Load([Write("a.txt", "10.1.0.0/16\n2001:db8::/32")]);
        foreach ((string address, bool isBlocked) in new[] { ("10.1.2.3", true), ("10.2.2.3", false), ("2001:db8::1", true), ("2001:db9::1", false), ("::ffff:10.1.0.1", true), ("::ffff:10.0.0.1", false) })
            Assert.Equal(isBlocked, filter.Blocks(new IPEndPoint(IPAddress.Parse(address), 6881).Serialize()));
    }

    [Fact]
    public void A_compressed_list_is_read()
    {
        string path = Path.Combine(_folder.Path, "a.gz");
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Optimal))
            gzip.Write("\uFEFFx:1.0.0.0-1.0.0.9\ny:5.0.0.0-5.0.0.9\n"u8);
        IPFilter filter = IPFilter.Load([path]);
        Assert.True(filter.Blocks(IPAddress.Parse("1.0.0.5")));
        Assert.True(filter.Blocks(IPAddress.Parse("5.0.0.9")));
    }

    [Fact]
    public void Unreadable_lines_are_counted_and_reported()
    {
        IPFilter filter = IPFilter.Load([Write("a.p2p", "x:1.2.3.4-1.2.3.9\nwhat\n\n???\n1.2.3\nagain\n4.4.4.4\n"), Write("b.p2p", "1.1.1.1\n256.1.1.1\n")]);
        Assert.Equal(3, filter.RangeCount);
        Assert.Equal(2, filter.Warnings.Count);
        Assert.Contains("Lines 2, 4, 5 and 1 more of the IP filter", filter.Warnings[0]);
        Assert.Contains("a.p2p", filter.Warnings[0]);
        Assert.StartsWith("Line 2 of the IP filter", filter.Warnings[1]);
    }

    [Fact]
    public void A_line_of_any_length_is_skipped()
    {
        string name = new('n', 500_000);
        IPFilter filter = IPFilter.Load([Write("a.p2p", $"{name}:1.2.3.4-1.2.3.9\n9.9.9.9\n{name}")]);
        Assert.Equal(1, filter.RangeCount);
        Assert.Contains("Lines 1, 3 of", Assert.Single(filter.Warnings));
    }

    [Fact]
    public void A_value_that_is_not_a_list_is_an_error_with_its_place()
    {
        Assert.Contains("does not exist", Fails(Path.Combine(_folder.Path, "gone")).Message);
        TorrentException none = Fails(Write("a.html", "# x\n<html>\n</html>\n"));
        Assert.Contains("a.html", none.Message);
        Assert.Contains("from line 2 on", none.Message);
        string cut = Path.Combine(_folder.Path, "cut.gz");
        File.WriteAllBytes(cut, [0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        Assert.Contains("damaged", Fails(cut).Message);
        Assert.Contains("cannot be read", Fails(_folder.Path).Message);
        Assert.Equal(0, IPFilter.Load([Write("empty", "")]).RangeCount);

        static TorrentException Fails(string path)
        {
            TorrentException exception = Assert.Throws<TorrentException>(() => IPFilter.Load([path]));
            Assert.Equal(TorrentErrorId.InvalidIPFilter, exception.ErrorId);
            return exception;
        }
    }

    [Fact]
    public void Any_ranges_in_any_order_block_what_each_blocks()
    {
        var random = new Random(5);
        for (int round = 0; round < 50; round++)
        {
            (byte First, byte Last)[] ranges = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ =>
            {
                byte first = (byte)random.Next(256);
                return (first, (byte)Math.Min(255, first + random.Next(40)));
            })];
            AddressRanges<byte> set = AddressRanges<byte>.Create(Array.ConvertAll(ranges, range => range.First), Array.ConvertAll(ranges, range => range.Last));
            for (int address = 0; address < 256; address++)
                Assert.Equal(Array.Exists(ranges, range => range.First <= address && address <= range.Last), set.Contains((byte)address));
        }
    }

    [Fact]
    public void A_long_list_is_read_and_a_lookup_allocates_nothing()
    {
        const int Count = 200_000;
        string path = Path.Combine(_folder.Path, "long.p2p");
        using (StreamWriter writer = File.CreateText(path))
        {
            Span<char> line = stackalloc char[64];
            for (uint i = 0; i < Count; i++)
            {
                // Every second range of 16 addresses from 16.0.0.0 on.
                uint first = (16u << 24) + i * 32;
                line.TryWrite(CultureInfo.InvariantCulture, $"n:{first >> 24}.{first >> 16 & 255}.{first >> 8 & 255}.{first & 255}-{first >> 24}.{first >> 16 & 255}.{first >> 8 & 255}.{first + 15 & 255}\n", out int length);
                writer.Write(line[..length]);
            }
        }

        IPFilter filter = IPFilter.Load([path]);
        Assert.Equal(Count, filter.RangeCount);
        IPAddress blocked = IPAddress.Parse("16.0.1.47");
        Assert.True(filter.Blocks(blocked));
        Assert.False(filter.Blocks(IPAddress.Parse("16.0.1.48")));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            filter.Blocks(blocked);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, content);
        return path;
    }
}
