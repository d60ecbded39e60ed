using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Gateways;

namespace TorrentPS.Engine.Tests.Gateways;

/// <summary>The bytes of PCP (RFC 6887) and NAT-PMP (RFC 6886) messages, as in the documents.</summary>
public sealed class PortMessageTests
{
    private static readonly PortRequest s_tcp = new(ProtocolType.Tcp, 6881, 7000);
    private static readonly byte[] s_nonce = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

    [Fact]
    public void A_PCP_request_is_as_the_RFC_has_it()
    {
        byte[] request = PcpMessage.Write(s_tcp, IPAddress.Parse("192.168.1.7"), s_nonce, TimeSpan.FromHours(2));
        Assert.Equal("0201000000001C20" + "00000000000000000000FFFFC0A80107" + "0102030405060708090A0B0C" + "06000000" + "1AE11B58" + "00000000000000000000FFFF00000000", Convert.ToHexString(request));
    }

    [Fact]
    public void A_PCP_answer_is_read_when_it_is_to_this_request()
    {
        byte[] answer = PcpAnswer(s_tcp, s_nonce, 0, 600, 40000, "203.0.113.9");
        GatewayAnswer? read = PcpMessage.Read(answer, s_tcp, s_nonce);
        Assert.Equal((0, TimeSpan.FromSeconds(600), 40000, "203.0.113.9"), (read!.Result, read.Lifetime, read.External, $"{read.Address}"));
        Assert.Null(PcpMessage.Read(answer, s_tcp, new byte[12]));
        Assert.Null(PcpMessage.Read(answer, s_tcp with { Protocol = ProtocolType.Udp }, s_nonce));
        Assert.Null(PcpMessage.Read(answer, s_tcp with { Port = 1 }, s_nonce));
        Assert.Null(PcpMessage.Read(answer.AsSpan(0, 59), s_tcp, s_nonce));
        answer[1] = 1; // a request
        Assert.Null(PcpMessage.Read(answer, s_tcp, s_nonce));
        answer[1] = 0x82; // the answer to another request
        Assert.Null(PcpMessage.Read(answer, s_tcp, s_nonce));
        Assert.Equal(8, PcpMessage.Read(PcpAnswer(s_tcp, s_nonce, 8, 30, 0, "0.0.0.0"), s_tcp, s_nonce)!.Result);
        Assert.Equal(PcpMessage.UnsupportedVersion, PcpMessage.Read([0, 0x81, 0, 1, 0, 0, 0, 0], s_tcp, s_nonce)!.Result); // a NAT-PMP one
        Assert.Null(PcpMessage.Read([0, 1, 0, 1], s_tcp, s_nonce));
    }

    [Fact]
    public void NAT_PMP_follows_the_RFC()
    {
        Assert.Equal("0000", Convert.ToHexString(NatPmpMessage.WriteAddressRequest()));
        Assert.Equal("000200001AE11B5800001C20", Convert.ToHexString(NatPmpMessage.Write(s_tcp, TimeSpan.FromHours(2))));
        Assert.Equal("000100001AE11B5800001C20", Convert.ToHexString(NatPmpMessage.Write(s_tcp with { Protocol = ProtocolType.Udp }, TimeSpan.FromHours(2))));
        Assert.Equal("000200001AE1000000000000", Convert.ToHexString(NatPmpMessage.Write(s_tcp, TimeSpan.Zero))); // 3.4: the port is zero, too
        Assert.Equal("203.0.113.9", $"{NatPmpMessage.ReadAddress(Convert.FromHexString("0080000000000001CB007109"))!.Address}");
        GatewayAnswer? read = NatPmpMessage.Read(Convert.FromHexString("00820000000000011AE19C4000000258"), s_tcp);
        Assert.Equal((0, 40000, TimeSpan.FromSeconds(600)), (read!.Result, read.External, read.Lifetime));
        Assert.Equal(2, NatPmpMessage.Read(Convert.FromHexString("0082000200000001"), s_tcp)!.Result);
        Assert.Null(NatPmpMessage.Read(Convert.FromHexString("00810000000000011AE19C4000000258"), s_tcp)); // for UDP
        Assert.Null(NatPmpMessage.Read(Convert.FromHexString("00820000000000011AE29C4000000258"), s_tcp)); // for another port
        Assert.Null(NatPmpMessage.Read(Convert.FromHexString("00820000000000011AE19C40000002"), s_tcp));
        Assert.Null(NatPmpMessage.ReadAddress(Convert.FromHexString("0080000000000001CB0071")));
    }

    [Fact]
    public void No_bytes_make_them_fail() => Assert.Null(Record.Exception(ReadAnyBytes));

    private static void ReadAnyBytes()
    {
        var random = new Random(3);
        byte[] bytes = new byte[80];
        for (int i = 0; i < 50_000; i++)
        {
            random.NextBytes(bytes);
            (bytes[0], bytes[1]) = ((byte)random.Next(3), (byte)(0x80 | random.Next(4)));
            ReadOnlySpan<byte> message = bytes.AsSpan(0, random.Next(bytes.Length));
            PcpMessage.Read(message, s_tcp, s_nonce);
            NatPmpMessage.Read(message, s_tcp);
            NatPmpMessage.ReadAddress(message);
        }
    }

    /// <summary>An answer, as a gateway sends it.</summary>
    internal static byte[] PcpAnswer(PortRequest request, ReadOnlySpan<byte> nonce, byte result, uint lifetime, int external, string address)
    {
        byte[] answer = new byte[PcpMessage.Length];
        (answer[0], answer[1], answer[3]) = (2, 0x81, result);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), lifetime);
        nonce.CopyTo(answer.AsSpan(24));
        answer[36] = (byte)request.Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(40), (ushort)request.Port);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(42), (ushort)external);
        IPAddress.Parse(address).MapToIPv6().TryWriteBytes(answer.AsSpan(44), out _);
        return answer;
    }
}
