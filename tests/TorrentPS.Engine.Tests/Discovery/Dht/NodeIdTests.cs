using System.Numerics;
using FsCheck.Xunit;
using TorrentPS.Engine.Discovery.Dht;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

public sealed class NodeIdTests
{
    [Fact]
    public void An_id_is_its_bytes()
    {
        NodeId id = NodeId.Read("mnopqrstuvwxyz123456"u8);

        Assert.Equal("mnopqrstuvwxyz123456"u8.ToArray(), id.ToArray());
        Assert.Equal("6d6e6f707172737475767778797a313233343536", id.ToString());
    }

    [Property]
    public void The_order_is_that_of_the_numbers(ulong a, ulong b, uint c, ulong d, ulong e, uint f, bool same)
    {
        NodeId left = new(a, b, c), right = new(same ? a : d, same ? b : e, f);

        Assert.Equal(Math.Sign(Number(left).CompareTo(Number(right))), Math.Sign(left.CompareTo(right)));
        Assert.Equal(Number(left) ^ Number(right), Number(left ^ right));
    }

    [Property]
    public void A_queue_stays_near_the_target(ulong high, ulong middle, uint low, byte bits)
    {
        NodeId own = new(high, middle, low);
        int shared = bits % NodeId.Bits;

        Assert.Equal(shared, own.SharedBits(own.RandomAt(shared)));
        Assert.Equal(NodeId.Bits, own.SharedBits(own));
    }

    private static BigInteger Number(NodeId id) => new(id.ToArray(), isUnsigned: true, isBigEndian: true);
}
