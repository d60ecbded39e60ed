using TorrentPS.Engine.Swarm;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>The order in which pieces are verified after complaints of peers.</summary>
public sealed class ComplaintsTests
{
    private readonly Complaints _complaints = new();

    [Fact]
    public void Addresses_take_turns_and_each_piece_comes_once()
    {
        Add(1, 10, 11, 12, 11);
        Add(2, 20, 11);
        Assert.Equal([10, 20, 11, 12], Taken());
    }

    [Fact]
    public void As_many_pieces_of_an_address_wait_as_are_remembered_of_a_peer()
    {
        Add(1, [.. Enumerable.Range(0, 40)]);
        Assert.Equal(Enumerable.Range(0, Complaints.MostOfOne), Taken());
    }

    [Fact]
    public void Ports_of_one_address_and_addresses_of_one_IPv6_network_share_a_turn()
    {
        _complaints.Add(1, System.Net.IPAddress.Parse("2001:db8::1"));
        _complaints.Add(2, System.Net.IPAddress.Parse("2001:db8::2"));
        _complaints.Add(3, System.Net.IPAddress.Parse("2001:db8:0:1::1"));
        Assert.Equal([1, 3, 2], Taken());
    }

    [Fact]
    public void When_too_many_pieces_wait_the_last_of_the_address_with_most_is_dropped()
    {
        for (int address = 0; address < Complaints.Most / Complaints.MostOfOne; address++)
            Add(address, [.. Enumerable.Range(100 * address, Complaints.MostOfOne)]);
        Add(99, 5000, 5001);
        List<int> taken = Taken();
        Assert.Equal(Complaints.Most, taken.Count);
        Assert.Contains(5000, taken);
        Assert.Contains(5001, taken);
        Assert.Contains(0, taken);
    }

    [Fact]
    public void When_each_address_has_one_piece_a_new_one_replaces_one_and_no_more()
    {
        for (int address = 0; address < Complaints.Most; address++)
            Add(address, address);
        Add(1000, 5000, 5001);
        List<int> taken = Taken();
        Assert.Equal(Complaints.Most, taken.Count);
        Assert.Contains(5000, taken);
        Assert.DoesNotContain(5001, taken);
    }

    private void Add(int address, params int[] pieces)
    {
        foreach (int piece in pieces)
            _complaints.Add(piece, PhasedSwarm.Address(address));
    }

    private List<int> Taken()
    {
        List<int> taken = [];
        while (_complaints.TryTake(out int piece))
            taken.Add(piece);
        return taken;
    }
}
