using System.Net;
using TorrentPS.Engine.Discovery.Dht;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

/// <summary>Difficult lookups: with dead, slow and lying nodes, and with none at all.</summary>
public sealed class DhtLookupTests
{
    private static readonly NodeId s_torrent = NodeId.Random();
    private static readonly IPEndPoint s_peer = IPEndPoint.Parse("198.51.100.1:51413");

    private readonly DhtNetwork _network = new(seed: 3) { Latency = (10, 20) };
    private readonly HashSet<IPEndPoint> _peers = [];
    private DateTimeOffset? _convergedAt;

    [Fact]
    public void Dead_nodes_are_not_waited_for()
    {
        DhtNetwork.Member searcher = Populate(alive: 10, dead: 20);
        DateTimeOffset begin = _network.Time.GetUtcNow();

        DhtLookup lookup = Find(searcher);
        Assert.True(_network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(60)));

        // Twenty dead nodes are nearer than the first live one, and five are awaited at once: this takes four short timeouts.
        Assert.InRange(_convergedAt!.Value - begin, TimeSpan.Zero, 4 * DhtRequests.ShortLimit + TimeSpan.FromSeconds(0.5));
        Assert.Equal(RoutingTable.K, lookup.Closest.Count);
    }

    [Fact]
    public void Late_answers_still_count()
    {
        DhtNetwork.Member searcher = Populate(alive: 12, dead: 0);
        DhtNetwork.Member slow = _network.Members.Where(member => member != searcher).MinBy(member => member.Node.Id ^ s_torrent)!;
        slow.Node.Peers.Add(s_torrent, s_peer, isSeed: false);
        slow.Delay = TimeSpan.FromSeconds(3);

        DhtLookup lookup = Find(searcher);
        Assert.True(_network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(2)));
        Assert.Empty(_peers);

        Assert.True(_network.RunUntil(() => _peers.Count > 0, TimeSpan.FromSeconds(4)));
        Assert.Equal([s_peer], _peers);
    }

    [Fact]
    public void If_all_peers_are_slow_waiting_pays()
    {
        DhtNetwork.Member searcher = Populate(alive: 12, dead: 0);
        foreach (DhtNetwork.Member member in _network.Members.Where(member => member != searcher))
        {
            member.Node.Peers.Add(s_torrent, s_peer, isSeed: false);
            member.Delay = TimeSpan.FromSeconds(2);
        }

        DhtLookup lookup = Find(searcher);

        Assert.True(_network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(20)));
        Assert.Equal((RoutingTable.K, 1), (lookup.Closest.Count, _peers.Count));
    }

    [Fact]
    public void Without_nodes_it_begins_with_the_first_that_becomes_known()
    {
        DhtNetwork.Member searcher = _network.Add(), other = _network.Add();
        other.Node.Peers.Add(s_torrent, s_peer, isSeed: false);
        DhtLookup lookup = Find(searcher);
        _network.Run(TimeSpan.FromMinutes(10));
        Assert.False(lookup.HasConverged);
        DateTimeOffset begin = _network.Time.GetUtcNow();

        _network.Do(searcher, node => node.Ping(other.EndPoint)); // as for a PORT message

        Assert.True(_network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(5)));
        Assert.Equal([s_peer], _peers);
        Assert.InRange(_network.Time.GetUtcNow() - begin, TimeSpan.Zero, TimeSpan.FromSeconds(0.1));
    }

    [Fact]
    public void A_router_bootstraps_but_stores_nothing()
    {
        DhtNetwork.Member searcher = _network.Add(), router = _network.Add();
        foreach (DhtNetwork.Member member in Enumerable.Range(0, 10).Select(_ => _network.Add()).ToArray())
            router.Node.Table.Answered(new DhtContact(member.Node.Id, member.EndPoint), TimeSpan.Zero);
        _network.Do(searcher, node => node.AddEntry(router.EndPoint, isRouter: true));

        DhtLookup lookup = Find(searcher);
        Assert.True(_network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(10)));

        Assert.DoesNotContain(lookup.Closest, candidate => candidate.EndPoint.Equals(router.EndPoint));
        Assert.DoesNotContain(searcher.Node.Table.Nodes, node => node.EndPoint.Equals(router.EndPoint));
        Assert.True(lookup.Closest.Count > 0);
    }

    [Fact]
    public void A_circle_of_redirects_is_given_up()
    {
        DhtNetwork.Member searcher = _network.Add();
        DhtNetwork.Member liar = _network.Add();
        // It returns many nodes, each nearer than the last, that do not exist.
        for (int bits = 10; bits < 150; bits++)
            liar.Node.Table.Answered(new DhtContact(s_torrent.RandomAt(bits), DhtNetwork.AddressOf(2000 + bits)), TimeSpan.Zero);
        _network.Do(searcher, node => node.Ping(liar.EndPoint));
        _network.Run(TimeSpan.FromSeconds(1));

        DhtLookup lookup = Find(searcher);

        Assert.True(_network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(60)));
        Assert.Equal(liar.Node.Id, Assert.Single(lookup.Closest).Id);
        Assert.InRange(lookup.QueryCount, 1, DhtLookup.MaxQueries);
    }

    [Fact]
    public void A_node_that_answers_with_another_id_does_not_count()
    {
        DhtNetwork.Member searcher = _network.Add(), named = _network.Add(), other = _network.Add();
        named.Node.Peers.Add(s_torrent, s_peer, isSeed: false);
        searcher.Node.Table.Recall(new DhtContact(NodeId.Random(), named.EndPoint));
        searcher.Node.Table.Recall(new DhtContact(other.Node.Id, other.EndPoint));

        DhtLookup lookup = Find(searcher);
        Assert.True(_network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(20)));

        Assert.Equal(other.Node.Id, Assert.Single(lookup.Closest).Id);
        Assert.Empty(_peers);
    }

    [Fact]
    public void Lookups_are_limited_and_all_have_their_turn()
    {
        // At addresses to which answers are not limited, since all query the same few nodes here.
        var scope = new DhtScope();
        scope.Include(IPAddress.Loopback);
        DhtNetwork.Member[] members = [.. Enumerable.Range(1, 11).Select(port => _network.Add(new IPEndPoint(IPAddress.Loopback, port), _ => NodeId.Random(), scope))];
        DhtNetwork.Member searcher = members[0];
        foreach (DhtNetwork.Member member in members[1..])
            searcher.Node.Table.Answered(new DhtContact(member.Node.Id, member.EndPoint), TimeSpan.Zero);
        List<DhtLookup> lookups = [];
        for (int i = 0; i < 3 * DhtNode.MaxLookups; i++)
            lookups.Add(_network.Do(searcher, node => node.FindPeers(NodeId.Random(), _ => { }, _ => { })));
        Assert.InRange(lookups.Count(lookup => lookup.QueryCount > 0), DhtNode.MaxLookups - 2, DhtNode.MaxLookups); // without the node's own lookups

        Assert.True(_network.RunUntil(() => lookups.TrueForAll(lookup => lookup.HasConverged), TimeSpan.FromSeconds(30)));
    }

    private DhtLookup Find(DhtNetwork.Member searcher) =>
        _network.Do(searcher, node => node.FindPeers(s_torrent, _peers.UnionWith, _ => _convergedAt = _network.Time.GetUtcNow()));

    /// <summary>Creates a node that knows some others; the dead ones are nearest to the torrent.</summary>
    private DhtNetwork.Member Populate(int alive, int dead)
    {
        // Nodes at local addresses keep an id that does not match their address.
        var scope = new DhtScope();
        scope.Include(IPAddress.Loopback);
        DhtNetwork.Member searcher = Add(0); // all others are in its largest bucket
        for (int i = 0; i < alive + dead; i++)
        {
            bool isDead = i >= alive;
            DhtNetwork.Member member = Add(isDead ? 40 : 20);
            member.IsAlive = !isDead;
            searcher.Node.Table.Answered(new DhtContact(member.Node.Id, member.EndPoint), TimeSpan.Zero);
        }

        DhtNetwork.Member[] living = [.. _network.Members.Where(member => member.IsAlive && member != searcher)];
        foreach (DhtNetwork.Member member in living)
        {
            foreach (DhtNetwork.Member other in _network.Members.Where(other => other != member && other != searcher))
                member.Node.Table.Answered(new DhtContact(other.Node.Id, other.EndPoint), TimeSpan.Zero);
        }

        return searcher;

        DhtNetwork.Member Add(int sharedBits) =>
            _network.Add(new IPEndPoint(IPAddress.Loopback, _network.Members.Count + 1), _ => s_torrent.RandomAt(sharedBits), scope);
    }

    /// <summary>A fault in the receiver of found peers, or at the end of a search.</summary>
    [Fact]
    public void A_fault_with_one_answer_loses_only_that_answer()
    {
        DhtNetwork.Member searcher = Populate(alive: 12, dead: 0);
        foreach (DhtNetwork.Member member in _network.Members.Where(member => member != searcher))
            member.Node.Peers.Add(s_torrent, s_peer, isSeed: false);
        int answers = 0;
        DhtLookup lookup = _network.Do(searcher, node => node.FindPeers(s_torrent, peers =>
        {
            if (++answers <= 5)
                throw new InvalidOperationException("injected");
            _peers.UnionWith(peers);
        }, _ => { }));

        Assert.True(_network.RunUntil(() => lookup.HasConverged, TimeSpan.FromSeconds(10)));
        Assert.Equal([s_peer], _peers);
    }
}
