using System.Net;
using System.Text;
using System.Xml;
using TorrentPS.Engine.Gateways;

namespace TorrentPS.Engine.Tests.Gateways;

/// <summary>Answers of devices in the local network, also malicious ones: to searches, and descriptions.</summary>
public sealed class UpnpDescriptionTests
{
    private static readonly Uri s_location = new("http://192.168.1.1:5000/rootDesc.xml");

    [Fact]
    public void The_service_is_found_in_the_middle_of_others()
    {
        (string Service, Uri Control)? found = Read(Description(
            Service("Layer3Forwarding:1", "/ctl/L3F"), Service("WANCommonInterfaceConfig:1", "/ctl/CmnIfCfg"), Service("WANIPConnection:1", "/ctl/IPConn")));
        Assert.Equal(("urn:schemas-upnp-org:service:WANIPConnection:1", new Uri("http://192.168.1.1:5000/ctl/IPConn")), found);
    }

    [Fact]
    public void The_newest_is_used_and_a_PPP_connection_works_too()
    {
        Assert.EndsWith("WANIPConnection:2", Read(Description(Service("WANPPPConnection:1", "a"), Service("WANIPConnection:1", "b"), Service("WANIPConnection:2", "c")))!.Value.Service);
        Assert.Equal(new Uri("http://192.168.1.1:5000/a"), Read(Description(Service("WANPPPConnection:1", "a")))!.Value.Control);
    }

    [Theory]
    [InlineData("http://192.168.1.2/ctl")]
    [InlineData("http://tracker.example/ctl")]
    [InlineData("https://192.168.1.1/ctl")]
    [InlineData("ftp://192.168.1.1/ctl")]
    [InlineData("//192.168.1.2/ctl")]
    [InlineData("file:///etc/passwd")]
    public void No_other_machine_is_contacted(string control) => Assert.Null(Read(Description(Service("WANIPConnection:1", control))));

    [Fact]
    public void A_device_without_the_service_is_no_gateway()
    {
        Assert.Null(Read(Description(Service("ContentDirectory:1", "/ctl"))));
        Assert.Null(Read(Description("<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType></service>")));
        Assert.Null(Read(Description("<service/>")));
    }

    [Theory]
    [InlineData("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>")]
    [InlineData("<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><a>&c;</a>")]
    [InlineData("<!DOCTYPE a SYSTEM 'http://192.168.1.9/a.dtd'><a/>")]
    [InlineData("<a>&undefined;</a>")]
    [InlineData("<a><b></a>")]
    [InlineData("HTTP/1.1 200 OK")]
    [InlineData("")]
    public void Document_types_and_text_that_is_not_XML_are_refused(string xml) => Assert.ThrowsAny<XmlException>(() => Read(xml));

    [Fact]
    public void Deep_or_long_data_is_refused()
    {
        Assert.ThrowsAny<XmlException>(() => Read(string.Concat(Enumerable.Repeat("<a>", 100)) + string.Concat(Enumerable.Repeat("</a>", 100))));
        Assert.ThrowsAny<XmlException>(() => Read($"<a>{new string('b', UpnpDescription.MaxLength)}</a>"));
        Assert.Null(Read(Description(Service("WANIPConnection:1", "/" + new string('c', 5000)))));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://192.168.1.1:5000/a.xml\r\n\r\n", "http://192.168.1.1:5000/a.xml")]
    [InlineData("HTTP/1.1 200 OK\nst:urn:schemas-upnp-org:service:WANIPConnection:1\nlocation:http://192.168.1.1/\n\n", "http://192.168.1.1/")]
    [InlineData("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: http://192.168.1.1/a.xml\r\n\r\n", null)]
    [InlineData("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://192.168.1.2/a.xml\r\n\r\n", null)]
    [InlineData("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://router.example/a.xml\r\n\r\n", null)]
    [InlineData("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: https://192.168.1.1/a.xml\r\n\r\n", null)]
    [InlineData("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", null)]
    [InlineData("HTTP/1.1 404 Not Found\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://192.168.1.1/a.xml\r\n\r\n", null)]
    [InlineData("NOTIFY * HTTP/1.1\r\nLOCATION: http://192.168.1.1/a.xml\r\n\r\n", null)]
    [InlineData("", null)]
    public void Only_a_gateway_that_describes_itself_is_used(string reply, string? location) =>
        Assert.Equal(location, SsdpReply.Read(Encoding.Latin1.GetBytes(reply), IPAddress.Parse("192.168.1.1"))?.ToString());

    internal static string Service(string type, string control) =>
        $"<service><serviceType>urn:schemas-upnp-org:service:{type}</serviceType><serviceId>x</serviceId><controlURL>{control}</controlURL><eventSubURL>/evt</eventSubURL></service>";

    internal static string Description(params string[] services) =>
        "<?xml version=\"1.0\"?>\r\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><specVersion><major>1</major></specVersion><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>" +
        $"<deviceList><device><serviceList>{string.Concat(services)}</serviceList></device></deviceList></device></root>";

    private static (string Service, Uri Control)? Read(string xml) => UpnpDescription.Read(Encoding.UTF8.GetBytes(xml), s_location);
}
