using System.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Wire;

/// <summary>The layout of BEP 55: message type, address type, address, port, error code.</summary>
public sealed class HolepunchMessageTests
{
    [Theory]
    [InlineData("0000" + "c0000201" + "1ae1" + "00000000", HolepunchType.Rendezvous, "192.0.2.1:6881", HolepunchError.None)]
    [InlineData("0101" + "20010db8000000000000000000000001" + "1ae1" + "00000000", HolepunchType.Connect, "[2001:db8::1]:6881", HolepunchError.None)]
    [InlineData("0200" + "c0000201" + "1ae1" + "00000002", HolepunchType.Error, "192.0.2.1:6881", HolepunchError.NotConnected)]
    internal void Messages_follow_BEP_55(string bytes, HolepunchType type, string endPoint, HolepunchError error)
    {
        HolepunchMessage message = new(type, IPEndPoint.Parse(endPoint), error);

        Assert.Equal(bytes, Convert.ToHexStringLower(message.ToBytes()));
        Assert.Equal(message, HolepunchMessage.Read(Convert.FromHexString(bytes)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0300c00002011ae100000000")]
    [InlineData("0002c00002011ae100000000")]
    [InlineData("0000c00002011a")]
    [InlineData("0001c00002011ae100000000")]
    public void Invalid_datagrams_are_ignored(string bytes) => Assert.Null(HolepunchMessage.Read(Convert.FromHexString(bytes)));

    [Fact]
    public void The_error_may_be_left_out() =>
        Assert.Equal(new HolepunchMessage(HolepunchType.Connect, IPEndPoint.Parse("192.0.2.1:6881")), HolepunchMessage.Read(Convert.FromHexString("0100c00002011ae1")));
}
