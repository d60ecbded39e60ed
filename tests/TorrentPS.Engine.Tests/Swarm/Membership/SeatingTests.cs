using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

public sealed class SeatingTests
{
    private static Seating.Seat Seat(uint priority, bool working = false, bool idle = false, double seconds = 100, double withoutData = 0, bool hadChance = true) =>
        new(priority, working, idle, seconds, withoutData, hadChance);

    [Fact]
    public void The_lowest_priority_is_replaced_only_by_a_higher_one()
    {
        Seating.Seat[] seats = [Seat(50), Seat(20), Seat(70)];
        Assert.Equal(1, Seating.Yields(seats, 60));
        Assert.Equal(-1, Seating.Yields(seats, 20));
        Assert.Equal(-1, Seating.Yields(seats, 10));
    }

    [Fact]
    public void A_working_or_new_connection_is_not_replaced()
    {
        Assert.Equal(2, Seating.Yields([Seat(1, working: true), Seat(2, seconds: 9), Seat(3)], 60));
        Assert.Equal(-1, Seating.Yields([Seat(1, working: true), Seat(2, seconds: 9), Seat(80)], 60));
        Assert.Equal(-1, Seating.Yields([], 60));
    }

    [Fact]
    public void Without_priorities_the_connection_useless_for_longest_is_replaced()
    {
        Assert.Equal(2, Seating.Yields([Seat(0), Seat(0, idle: true, seconds: 61), Seat(0, idle: true, seconds: 90), Seat(0, idle: true, working: true, seconds: 900)], 0));
        Assert.Equal(-1, Seating.Yields([Seat(0), Seat(0, idle: true, seconds: 59)], 0));
        Assert.Equal(-1, Seating.Idlest([Seat(0, seconds: 1e6)]));
    }

    [Fact]
    public void A_peer_that_wants_data_and_takes_none_is_replaced_in_the_end()
    {
        Assert.Equal(-1, Seating.Idlest([Seat(0, seconds: 599, withoutData: 599)]));
        Assert.Equal(1, Seating.Idlest([Seat(0, seconds: 9000, withoutData: 10), Seat(0, seconds: 600, withoutData: 600), Seat(0, working: true, seconds: 9000, withoutData: 900)]));
        Assert.Equal(0, Seating.Yields([Seat(0, seconds: 700, withoutData: 700), Seat(0, seconds: 650, withoutData: 650)], 0));
        Assert.Equal(1, Seating.Idlest([Seat(0, seconds: 700, withoutData: 700), Seat(0, idle: true, seconds: 60)])); // an uninterested one goes first
    }

    [Fact]
    public void A_waiter_in_the_queue_is_waited_for()
    {
        Assert.Equal(-1, Seating.Idlest([Seat(0, seconds: 3599, withoutData: 3599, hadChance: false)]));
        Assert.Equal(0, Seating.Idlest([Seat(0, seconds: 3600, withoutData: 3600, hadChance: false)]));
    }
}
