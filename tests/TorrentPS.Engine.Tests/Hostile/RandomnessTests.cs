using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>Values that others must not guess (CVE-2026-57082): every peer id, node id, token and connection id is new, whatever the clock shows.</summary>
public sealed class RandomnessTests
{
    private const int Count = 1000;

    [Fact]
    public void Peer_ids_share_only_the_client()
    {
        byte[][] ids = [.. Enumerable.Range(0, Count).Select(_ => PeerId.Create())];
        AssertDifferent(ids.Select(id => id[8..]));
        // This shows a constant or a counter in any place: by chance, none of 62 characters fills a tenth of it.
        for (int place = PeerId.Prefix.Length; place < PeerId.Length; place++)
            Assert.True(ids.CountBy(id => id[place]).Max(pair => pair.Value) < Count / 10);
    }

    [Fact]
    public void Node_ids_and_keys_are_new() => AssertDifferent(Enumerable.Range(0, Count).Select(_ =>
    {
        byte[] id = new byte[NodeId.Length];
        NodeId.Random().Write(id);
        return id;
    }));

    [Fact]
    public void Tokens_of_two_nodes_differ_for_the_same_address_at_the_same_time()
    {
        FakeTimeProvider time = new();
        IPAddress address = IPAddress.Parse("192.0.2.1");
        AssertDifferent(Enumerable.Range(0, Count).Select(_ => new TokenMint(time).Create(address, default)));
    }

    [Fact]
    public void Connection_ids_of_two_trackers_differ_for_the_same_address_at_the_same_time()
    {
        FakeTimeProvider time = new();
        PeerKey key = PeerKey.Create(IPAddress.Parse("192.0.2.1").GetAddressBytes(), 1);
        AssertDifferent(Enumerable.Range(0, Count).Select(_ => BitConverter.GetBytes(new TrackerConnectionIds(time).Create(key))));
    }

    private static void AssertDifferent(IEnumerable<byte[]> values) => Assert.Equal(Count, values.Select(Convert.ToHexString).Distinct().Count());
}
