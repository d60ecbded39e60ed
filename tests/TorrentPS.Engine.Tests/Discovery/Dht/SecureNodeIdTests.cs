using System.Net;
using TorrentPS.Engine.Discovery.Dht;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

public sealed class SecureNodeIdTests
{
    /// <summary>The test vectors of BEP 42.</summary>
    [Theory]
    [InlineData("124.31.75.21", 1, "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401")]
    [InlineData("21.75.31.124", 86, "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256")]
    [InlineData("65.23.51.170", 22, "a5d43220bc8f112a3d426c84764f8c2a1150e616")]
    [InlineData("84.124.73.14", 65, "1b0321dd1bb1fe518101ceef99462b947a01ff41")]
    [InlineData("43.213.53.83", 90, "e56f6cbf5b7c4be0237986d5243b87aa6d51305a")]
    public void An_id_follows_from_the_address(string address, byte random, string example)
    {
        byte[] expected = Convert.FromHexString(example);
        IPAddress at = IPAddress.Parse(address);

        Assert.True(SecureNodeId.Matches(NodeId.Read(expected), at));
        byte[] made = SecureNodeId.Create(at, random).ToArray();
        Assert.Equal(expected[..2], made[..2]);
        Assert.Equal(expected[2] & 0xf8, made[2] & 0xf8);
        Assert.Equal(random, made[^1]);
        for (int bit = 0; bit < 21; bit++)
        {
            byte[] other = [.. expected];
            other[bit / 8] ^= (byte)(0x80 >> (bit % 8));
            Assert.False(SecureNodeId.Matches(NodeId.Read(other), at), $"bit {bit}");
        }
    }

    [Theory]
    [InlineData("2001:db8:85a3::8a2e:370:7334")]
    [InlineData("203.0.113.9")]
    public void An_id_made_for_an_address_fits_it_and_no_other(string address)
    {
        IPAddress at = IPAddress.Parse(address);

        Assert.All(Enumerable.Range(0, 50), _ => Assert.True(SecureNodeId.Matches(SecureNodeId.Create(at), at)));
        Assert.True(Enumerable.Range(0, 50).Count(_ => SecureNodeId.Matches(SecureNodeId.Create(at), IPAddress.Parse("198.51.100.1"))) < 5);
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.1.1")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_local_address_may_have_any_id(string address) => Assert.True(SecureNodeId.Matches(NodeId.Random(), IPAddress.Parse(address)));
}
