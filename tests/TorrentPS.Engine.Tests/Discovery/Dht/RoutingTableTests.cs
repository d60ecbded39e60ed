using System.Net;
using FsCheck.Xunit;
using TorrentPS.Engine.Discovery.Dht;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

public sealed class RoutingTableTests
{
    private static readonly NodeId s_own = NodeId.Random();
    private readonly RoutingTable _table = new(s_own);
    private int _next;

    [Fact]
    public void A_bucket_has_room_for_eight_and_the_far_ones_for_more()
    {
        foreach (int bits in new[] { 0, 1, 2, 3, 4, 20 })
        {
            for (int i = 0; i < 200; i++)
                _table.Answered(Contact(bits), Minutes(0));
        }

        Assert.Equal([128, 64, 32, 16, 8, 8], new[] { 0, 1, 2, 3, 4, 20 }.Select(bits => _table.Nodes.Count(node => s_own.SharedBits(node.Id) == bits)));
        Assert.Equal((256, 256, 20), (_table.Count, _table.AnsweredCount, _table.Depth));
    }

    [Fact]
    public void A_dead_node_is_replaced_by_the_latest_reserve()
    {
        DhtContact[] first = [.. Enumerable.Range(0, 8).Select(_ => Contact(5))];
        DhtContact[] late = [Contact(5), Contact(5)];
        Assert.All(first, contact => Assert.True(_table.Answered(contact, Minutes(0))));
        Assert.All(late, contact => Assert.False(_table.Answered(contact, Minutes(1))));

        _table.Failed(first[3].EndPoint);
        Assert.Contains(first[3], Contacts); // one failure is no proof
        _table.Failed(first[3].EndPoint);

        Assert.DoesNotContain(first[3], Contacts);
        Assert.Contains(late[1], Contacts);
        Assert.DoesNotContain(late[0], Contacts);
    }

    [Fact]
    public void A_node_that_has_failed_is_replaced_by_a_new_one()
    {
        DhtContact[] first = [.. Enumerable.Range(0, 8).Select(_ => Contact(5))];
        Assert.All(first, contact => Assert.True(_table.Answered(contact, Minutes(0))));
        _table.Failed(first[2].EndPoint);

        DhtContact late = Contact(5);
        Assert.True(_table.Answered(late, Minutes(1)));

        Assert.Equal([late, .. first.Where(contact => contact != first[2])], Contacts.OrderBy(contact => contact != late).ThenBy(contact => Array.IndexOf(first, contact)));
    }

    [Fact]
    public void Only_consecutive_failures_count()
    {
        DhtContact contact = Contact(5);
        _table.Answered(contact, Minutes(0));
        for (int i = 0; i < 10; i++)
        {
            _table.Failed(contact.EndPoint);
            _table.Failed(contact.EndPoint);
            _table.Answered(contact, Minutes(i));
        }

        Assert.Contains(contact, Contacts);
        for (int i = 0; i < RoutingTable.MaxFailures; i++)
            _table.Failed(contact.EndPoint);
        Assert.Empty(Contacts);
        Assert.Equal(0, _table.AnsweredCount);
    }

    [Fact]
    public void A_node_with_a_valid_id_for_its_address_is_preferred()
    {
        for (int i = 0; i < 8; i++)
            Assert.True(_table.Answered(new DhtContact(Insecure(5), Address()), Minutes(0)));
        IPEndPoint address = Address();
        NodeId id = SecureNodeId.Create(address.Address);
        while (s_own.SharedBits(id) != 0)
            id = SecureNodeId.Create((address = Address()).Address);
        var table = new RoutingTable(id.RandomAt(5));
        foreach (DhtContact contact in Enumerable.Range(0, 8).Select(_ => new DhtContact(InsecureAt(table.OwnId, 5), Address())).ToArray())
            Assert.True(table.Answered(contact, Minutes(0)));

        Assert.True(table.Answered(new DhtContact(id, address), Minutes(0)));

        Assert.Equal(8, table.Count);
        Assert.Contains(table.Nodes, node => node.Id == id);
    }

    [Fact]
    public void An_address_gets_one_place_and_a_network_one_in_a_bucket()
    {
        IPEndPoint address = Address();
        Assert.True(_table.Answered(new DhtContact(s_own.RandomAt(5), address), Minutes(0)));

        Assert.False(_table.Answered(new DhtContact(s_own.RandomAt(9), new IPEndPoint(address.Address, 7000)), Minutes(0)));
        byte[] neighbour = address.Address.GetAddressBytes();
        neighbour[3]++;
        Assert.False(_table.Answered(new DhtContact(s_own.RandomAt(5), new IPEndPoint(new IPAddress(neighbour), 6881)), Minutes(0)));
        Assert.True(_table.Answered(new DhtContact(s_own.RandomAt(9), new IPEndPoint(new IPAddress(neighbour), 6881)), Minutes(0)));
        Assert.Equal(2, _table.Count);
        _table.Failed(address);
        _table.Failed(address);
        _table.Failed(address);
        Assert.True(_table.Answered(new DhtContact(s_own.RandomAt(5), new IPEndPoint(address.Address, 7000)), Minutes(0)));
    }

    [Fact]
    public void Local_addresses_are_not_limited()
    {
        for (int port = 1; port <= 8; port++)
            Assert.True(_table.Answered(new DhtContact(s_own.RandomAt(5), new IPEndPoint(IPAddress.Loopback, port)), Minutes(0)));
    }

    [Fact]
    public void No_node_takes_over_the_id_of_another_or_our_own()
    {
        DhtContact contact = Contact(5);
        _table.Answered(contact, Minutes(0));

        Assert.False(_table.Answered(contact with { EndPoint = Address() }, Minutes(0)));
        Assert.False(_table.Answered(new DhtContact(s_own, Address()), Minutes(0)));
        Assert.Equal([contact], Contacts);
    }

    [Fact]
    public void A_node_that_restarts_with_a_new_id_gets_a_new_place()
    {
        DhtContact contact = Contact(5);
        _table.Answered(contact, Minutes(0));

        Assert.True(_table.Answered(contact with { Id = s_own.RandomAt(9) }, Minutes(1)));

        Assert.Equal(9, s_own.SharedBits(Assert.Single(Contacts).Id));
    }

    [Fact]
    public void Queries_keep_a_node_good_and_a_new_one_is_pinged()
    {
        DhtContact contact = Contact(5);
        Assert.True(_table.Queried(contact, Minutes(0)));
        Assert.Equal(0, _table.Count); // not before its answer
        _table.Answered(contact, Minutes(0));

        Assert.False(_table.Queried(contact, Minutes(10)));

        Assert.Null(_table.MostQuestionable(Minutes(24)));
        Assert.Equal(contact, _table.MostQuestionable(Minutes(25.1))?.Contact);
    }

    [Fact]
    public void Questionable_nodes_with_reserves_are_pinged_first_and_not_again_at_once()
    {
        DhtContact oldest = Contact(0);
        _table.Answered(oldest, Minutes(0));
        DhtContact[] full = [.. Enumerable.Range(0, 8).Select(_ => Contact(5))];
        for (int i = 0; i < full.Length; i++)
            _table.Answered(full[i], Minutes(1 + i));
        Assert.Null(_table.MostQuestionable(Minutes(14)));
        _table.Answered(Contact(5), Minutes(10));

        TableNode first = _table.MostQuestionable(Minutes(30))!;
        Assert.Equal(full[0], first.Contact);
        first.AskAgainAt = Minutes(31);

        Assert.Equal(full[1], _table.MostQuestionable(Minutes(30))!.Contact);
        Assert.Equal(full[0], _table.MostQuestionable(Minutes(31))!.Contact);
    }

    [Fact]
    public void The_bucket_that_has_not_changed_for_longest_is_refreshed()
    {
        Assert.False(_table.TryRefresh(Minutes(0), out _));
        _table.Answered(Contact(0), Minutes(0));
        _table.Answered(Contact(1), Minutes(3));

        Assert.True(_table.TryRefresh(Minutes(4), out NodeId? target)); // the bucket after the last, which no lookup has refreshed
        Assert.Equal(2, s_own.SharedBits(target.Value));
        Assert.False(_table.TryRefresh(Minutes(14), out _));
        Assert.True(_table.TryRefresh(Minutes(15), out target));
        Assert.Equal(0, s_own.SharedBits(target.Value));
        Assert.False(_table.TryRefresh(Minutes(15), out _));
        Assert.True(_table.TryRefresh(Minutes(18), out target));
        Assert.Equal(1, s_own.SharedBits(target.Value));
    }

    [Fact]
    public void Nodes_of_the_last_run_are_queried_but_not_returned_before_they_answer()
    {
        DhtContact contact = Contact(5);
        _table.Recall(contact);

        Assert.Equal([contact], _table.Closest(s_own, 8, onlyAnswered: false));
        Assert.Empty(_table.Closest(s_own, 8, onlyAnswered: true));
        _table.Answered(contact, Minutes(0));
        Assert.Equal([contact], _table.Closest(s_own, 8, onlyAnswered: true));
        _table.Failed(contact.EndPoint);
        Assert.Empty(_table.Closest(s_own, 8, onlyAnswered: true));
    }

    [Fact]
    public void A_change_of_id_keeps_the_nodes()
    {
        for (int i = 0; i < 30; i++)
            _table.Answered(Contact(i % 10), Minutes(i));

        RoutingTable moved = _table.MoveTo(s_own.RandomAt(0));

        Assert.True(moved.Count >= 20);
        Assert.Equal(moved.Count, moved.AnsweredCount);
        Assert.Subset(_table.Nodes.ToHashSet(), moved.Nodes.ToHashSet());
    }

    [Property(MaxTest = 200)]
    public void The_closest_are_the_closest(byte count, byte shared, bool answered)
    {
        var table = new RoutingTable(s_own);
        for (int i = 0; i < count; i++)
            table.Answered(Contact(i % 13), Minutes(0));
        NodeId target = s_own.RandomAt(shared % 20);

        List<DhtContact> closest = table.Closest(target, RoutingTable.K, answered);

        Assert.Equal(table.Nodes.Select(node => node.Contact).OrderBy(contact => contact.Id ^ target).Take(RoutingTable.K), closest);
    }

    private IEnumerable<DhtContact> Contacts => _table.Nodes.Select(node => node.Contact);

    private static TimeSpan Minutes(double minutes) => TimeSpan.FromMinutes(minutes);

    private IPEndPoint Address() => DhtNetwork.AddressOf(_next++);

    // All equal in the bits of BEP 42.
    private DhtContact Contact(int sharedBits)
    {
        IPEndPoint address = Address();
        return new DhtContact(Insecure(sharedBits, address), address);
    }

    private static NodeId Insecure(int sharedBits, IPEndPoint? address = null) => InsecureAt(s_own, sharedBits, address);

    private static NodeId InsecureAt(NodeId own, int sharedBits, IPEndPoint? address = null)
    {
        NodeId id;
        do
            id = own.RandomAt(sharedBits);
        while (address is not null && SecureNodeId.Matches(id, address.Address));
        return id;
    }
}
