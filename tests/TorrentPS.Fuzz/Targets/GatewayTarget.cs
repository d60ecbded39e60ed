using System.Net;
using System.Net.Sockets;
using System.Xml;
using TorrentPS.Engine.Gateways;
using TorrentPS.Engine.Net;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>Answers of routers with PCP, NAT-PMP and UPnP, and the head of datagrams from a proxy. Each input is read as each of them.</summary>
internal sealed class GatewayTarget : FuzzTarget
{
    private static readonly PortRequest s_request = new(ProtocolType.Tcp, 6881, 6881);
    private static readonly byte[] s_nonce = new byte[PcpMessage.NonceLength];
    private static readonly IPAddress s_router = IPAddress.Parse("192.168.1.1");
    private static readonly Uri s_location = new("http://192.168.1.1:5000/rootDesc.xml");

    public GatewayTarget()
    {
        byte[] pcp = PcpMessage.Write(s_request, s_router, s_nonce, TimeSpan.FromHours(1));
        pcp[1] |= 0x80;
        byte[] natPmp = [0, 130, 0, 0, 0, 0, 0, 1, 0x1a, 0xe1, 0x9c, 0x40, 0, 0, 2, 0x58];
        Seeds =
        [
            pcp, natPmp, [0, 128, 0, 0, 0, 0, 0, 1, 203, 0, 113, 9],
            "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n\r\n"u8.ToArray(),
            "<root><device><serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>/ctl</controlURL></service></serviceList></device></root>"u8.ToArray(),
            "<s:Envelope xmlns:s=\"x\"><s:Body><NewExternalIPAddress>203.0.113.9</NewExternalIPAddress><errorCode>718</errorCode></s:Body></s:Envelope>"u8.ToArray(),
            [0, 0, 0, 1, 192, 0, 2, 1, 0x1a, 0xe1, .. "datagram"u8],
        ];
    }

    public override string Name => "gateway";

    public override string Description => "answers of routers (PCP, NAT-PMP, UPnP), datagrams of proxies";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Text;

    public override IReadOnlyList<string> Words => ["<service>", "</service>", "<controlURL>", "http://192.168.1.2/", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "<![CDATA[", "\r\nLOCATION: ", "\r\nST: "];

    // An XML reader starts with some buffers.
    public override long MaxAllocated(int length) => 2_000_000 + 200L * length;

    public override int Try(byte[] input)
    {
        GatewayAnswer? pcp = PcpMessage.Read(input, s_request, s_nonce);
        GatewayAnswer? natPmp = NatPmpMessage.Read(input, s_request) ?? NatPmpMessage.ReadAddress(input);
        Require(pcp is null || pcp.External is >= 0 and <= ushort.MaxValue, "a port is none");
        Uri? location = SsdpReply.Read(input, s_router);
        Require(location is null || location.IdnHost == "192.168.1.1", "another machine is asked");
        bool isDatagram = Socks5Client.TryReadDatagramHeader(input, out int header, out _);
        Require(!isDatagram || header <= input.Length, "a head is longer than its datagram");
        int xml = 0;
        try
        {
            (string Service, Uri Control)? found = UpnpDescription.Read(input, s_location);
            Require(found is null || (found.Value.Control.IdnHost == "192.168.1.1" && found.Value.Control.Scheme == "http"), "another machine is asked");
            xml = 1 + (found is null ? 0 : 1) + (UpnpDescription.Find(input, "errorCode") is null ? 0 : 2);
        }
        catch (XmlException)
        {
            // not XML, or beyond a limit
        }

        return HashCode.Combine(pcp?.Result, natPmp?.Result, location is null, isDatagram, xml);
    }
}
