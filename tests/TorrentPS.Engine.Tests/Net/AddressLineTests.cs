using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

/// <summary>Lines of IP filter lists, as published.</summary>
public sealed class AddressLineTests
{
    [Theory]
    [InlineData("Some Organization:1.2.3.4-1.2.3.9", "1.2.3.4", "1.2.3.9")]
    [InlineData("a:b-c, d:1.0.0.0-1.255.255.255", "1.0.0.0", "1.255.255.255")]
    [InlineData("Bogon, 10.0.0.0/8:10.0.0.0-10.255.255.255", "10.0.0.0", "10.255.255.255")]
    [InlineData(":9.9.9.9-9.9.9.9", "9.9.9.9", "9.9.9.9")]
    [InlineData("six:2001:db8::1-2001:db8::ff", "2001:db8::1", "2001:db8::ff")]
    [InlineData("feed::1.2.3.4-5.6.7.8", "1.2.3.4", "5.6.7.8")] // the part before the hyphen is an IPv6 address, too
    [InlineData("001.002.003.004 - 005.006.007.008 , 100 , name", "1.2.3.4", "5.6.7.8")]
    [InlineData("010.000.000.000 - 010.000.000.255,000,octal to some", "10.0.0.0", "10.0.0.255")]
    [InlineData("1.2.3.4 - 1.2.3.5 , 127 , the highest level that is blocked", "1.2.3.4", "1.2.3.5")]
    [InlineData("1.2.3.4 - 1.2.3.5 ,  , no level", "1.2.3.4", "1.2.3.5")]
    [InlineData("1.2.3.4 - 1.2.3.5", "1.2.3.4", "1.2.3.5")]
    [InlineData("2001:db8:: - 2001:db8::1 , 0 , six", "2001:db8::", "2001:db8::1")]
    [InlineData("1.2.3.4", "1.2.3.4", "1.2.3.4")]
    [InlineData("  2001:db8::7\r", "2001:db8::7", "2001:db8::7")]
    [InlineData("1.2.3.255/24 ; SBL1", "1.2.3.0", "1.2.3.255")]
    [InlineData("1.2.3.4/32", "1.2.3.4", "1.2.3.4")]
    [InlineData("0.0.0.0/0", "0.0.0.0", "255.255.255.255")]
    [InlineData("2001:db8::/33 # remark", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("2001:db8::1/128", "2001:db8::1", "2001:db8::1")]
    [InlineData("::ffff:1.2.3.0/120", "1.2.3.0", "1.2.3.255")] // mapped: it is the IPv4 address
    public void Ranges_are_read_in_every_form(string line, string first, string last)
    {
        Assert.Equal(AddressLineKind.Blocked, AddressLine.Read(Encoding.UTF8.GetBytes(line), out AddressRange range));
        IPAddress expected = IPAddress.Parse(first);
        Assert.Equal(expected.AddressFamily, range.Family);
        Assert.Equal((Number(expected), Number(IPAddress.Parse(last))), (range.First, range.Last));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\r")]
    [InlineData("# a:1.2.3.4-1.2.3.5")]
    [InlineData("// a:1.2.3.4-1.2.3.5")]
    [InlineData("; 1.2.3.4")]
    public void Ordinary_output_is_no_fault(string line) => Assert.Equal(AddressLineKind.Empty, AddressLine.Read(Encoding.UTF8.GetBytes(line), out _));

    [Theory]
    [InlineData("1.2.3.4 - 1.2.3.5 , 128 , the lowest level that is not")]
    [InlineData("1.2.3.4 - 1.2.3.5 , 255 , name")]
    public void Levels_from_128_are_not_blocked(string line) => Assert.Equal(AddressLineKind.Allowed, AddressLine.Read(Encoding.UTF8.GetBytes(line), out _));

    [Theory]
    [InlineData("name")]
    [InlineData("name:1.2.3.4")]
    [InlineData("name:1.2.3.9-1.2.3.4")]
    [InlineData("name:1.2.3.4-2001:db8::")]
    [InlineData("name:2001:db8::2-2001:db8::1")]
    [InlineData("1.2.3.4 - 1.2.3.5 , high , name")]
    [InlineData("1.2.3.4 - 1.2.3.5 name")]
    [InlineData("1.2.3.9 - 1.2.3.4 , 0 , backwards")]
    [InlineData("1.2.3.256")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.4.5")]
    [InlineData("1..3.4")]
    [InlineData("1.2.3.0004")]
    [InlineData("1.2.3.4/33")]
    [InlineData("1.2.3.4/")]
    [InlineData("1.2.3.4/24x")]
    [InlineData("2001:db8::/129")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[2001:db8::1]")]
    [InlineData("-")]
    [InlineData("\0\u0001\u00ff")]
    [InlineData("name:1.2.3.4-")]
    [InlineData("127.1")] // which some systems read as 127.0.0.1
    [InlineData("0x7f.0.0.1")]
    public void An_invalid_line_is_reported(string line) => Assert.Equal(AddressLineKind.Unreadable, AddressLine.Read(Encoding.Latin1.GetBytes(line), out _));

    [Fact]
    public void No_bytes_make_it_fail()
    {
        var random = new Random(17);
        byte[] alphabet = "0123456789.:-,/ #abcdef%"u8.ToArray();
        byte[] line = new byte[40];
        for (int i = 0; i < 50_000; i++)
        {
            int length = random.Next(line.Length + 1);
            random.GetItems<byte>(alphabet, line.AsSpan(0, length));
            if (AddressLine.Read(line.AsSpan(0, length), out AddressRange range) == AddressLineKind.Blocked)
                Assert.True(range.First <= range.Last);
        }
    }

    private static UInt128 Number(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork
        ? BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes()) : BinaryPrimitives.ReadUInt128BigEndian(address.GetAddressBytes());
}
