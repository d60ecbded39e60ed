using System.Net;
using TorrentPS.Engine.Discovery.Dht;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

/// <summary>A thousand nodes in memory, a third of which leaves without notice.</summary>
public sealed class DhtSimulationTests(ITestOutputHelper output)
{
    private const int Count = 1000;
    private const int DeadPercent = 30;
    private const int Lookups = 100;

    [Fact]
    public void Lookups_take_few_hops_even_if_many_nodes_are_dead()
    {
        var network = new DhtNetwork(seed: 1);
        Populate(network, Count);
        DhtNetwork.Member[] members = [.. network.Members];
        foreach (DhtNetwork.Member member in members.OrderBy(_ => network.Random.Next()).Take(Count * DeadPercent / 100))
            member.IsAlive = false;
        DhtNetwork.Member[] alive = [.. members.Where(member => member.IsAlive)];

        var hops = new List<int>();
        var queries = new List<int>();
        var seconds = new List<double>();
        int found = 0;
        for (int i = 0; i < Lookups; i++)
        {
            NodeId target = NodeId.Random();
            DhtNetwork.Member searcher = alive[network.Random.Next(alive.Length)];
            DateTimeOffset begin = network.Time.GetUtcNow();
            DhtLookup lookup = network.Do(searcher, node => node.FindPeers(target, _ => { }, _ => { }));
            Assert.True(network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(30)), "the lookup has not converged");
            seconds.Add((network.Time.GetUtcNow() - begin).TotalSeconds);
            hops.Add(lookup.Hops);
            queries.Add(lookup.QueryCount);
            HashSet<NodeId> nearest = [.. alive.Where(member => member != searcher).Select(member => member.Node.Id).OrderBy(id => id ^ target).Take(RoutingTable.K)];
            found += lookup.Closest.Count(candidate => nearest.Contains(candidate.Id!.Value));
        }

        output.WriteLine($"{Lookups} lookups among {Count} nodes, {DeadPercent} % dead: hops {hops.Average():0.0} on average, {hops.Max()} at most; "
            + $"queries {queries.Average():0.0}, {queries.Max()}; seconds {seconds.Average():0.00}, {seconds.Max():0.00}; "
            + $"{100.0 * found / (Lookups * RoutingTable.K):0.0} % of the nearest found; {network.Packets} packets, the longest {network.LongestPacket} bytes");
        Assert.All(hops, count => Assert.InRange(count, 1, (int)Math.Ceiling(Math.Log2(Count))));
        Assert.True(hops.Average() <= 5, $"{hops.Average()} hops on average");
        Assert.True(queries.Average() <= 60, $"{queries.Average()} queries on average");
        Assert.True(found >= 0.95 * Lookups * RoutingTable.K, $"only {found} of the nearest nodes were found");
        // Each waits at most a second for the dead nodes among those queried at once, and a few times only.
        Assert.True(seconds.Average() <= 5, $"{seconds.Average()} s on average");
        Assert.InRange(network.LongestPacket, 1, KrpcWriter.MaxLength);
    }

    [Fact]
    public void An_announced_peer_is_found_even_if_many_nodes_have_died_since()
    {
        var network = new DhtNetwork(seed: 2);
        Populate(network, 300);
        DhtNetwork.Member[] members = [.. network.Members];
        NodeId torrent = NodeId.Random();
        DhtNetwork.Member seeder = members[17];
        DhtLookup announced = network.Do(seeder, node => node.FindPeers(torrent, _ => { }, lookup => node.Announce(lookup, 51413, isSeed: true)));
        Assert.True(network.RunUntil(() => announced.HasConverged, TimeSpan.FromSeconds(30)));
        network.Run(TimeSpan.FromSeconds(2));
        foreach (DhtNetwork.Member member in members.Where(member => member != seeder).OrderBy(_ => network.Random.Next()).Take(members.Length * DeadPercent / 100))
            member.IsAlive = false;

        int successes = 0;
        DhtNetwork.Member[] searchers = [.. members.Where(member => member.IsAlive && member != seeder).Take(50)];
        foreach (DhtNetwork.Member searcher in searchers)
        {
            var peers = new HashSet<IPEndPoint>();
            DhtLookup lookup = network.Do(searcher, node => node.FindPeers(torrent, peers.UnionWith, _ => { }));
            Assert.True(network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(30)));
            successes += peers.Contains(new IPEndPoint(seeder.EndPoint.Address, 51413)) ? 1 : 0;
        }

        Assert.Equal(searchers.Length, successes);
    }

    /// <summary>Adds nodes one after the other, each entering through an existing one.</summary>
    private static void Populate(DhtNetwork network, int count)
    {
        for (int i = 0; i < count; i++)
        {
            DhtNetwork.Member member = network.Add();
            if (i > 0)
                network.Do(member, node => node.AddEntry(DhtNetwork.AddressOf(network.Random.Next(i)), isRouter: false));
            network.Run(TimeSpan.FromMilliseconds(50));
        }

        network.Run(TimeSpan.FromSeconds(40));
    }
}
