using TorrentPS.Engine.Swarm;

namespace TorrentPS.Engine.Tests.Swarm;

public sealed class SeatingTests
{
    private static Seating.Seat Seat(uint priority, bool working = false, bool idle = false, double seconds = 100) => new(priority, working, idle, seconds);

    [Fact]
    public void The_lowest_priority_makes_room_for_a_higher_one_only()
    {
        Seating.Seat[] seats = [Seat(50), Seat(20), Seat(70)];
        Assert.Equal(1, Seating.Yields(seats, 60));
        Assert.Equal(-1, Seating.Yields(seats, 20));
        Assert.Equal(-1, Seating.Yields(seats, 10));
    }

    [Fact]
    public void Nobody_who_works_or_has_only_come_makes_room()
    {
        Assert.Equal(2, Seating.Yields([Seat(1, working: true), Seat(2, seconds: 9), Seat(3)], 60));
        Assert.Equal(-1, Seating.Yields([Seat(1, working: true), Seat(2, seconds: 9), Seat(80)], 60));
        Assert.Equal(-1, Seating.Yields([], 60));
    }

    [Fact]
    public void Where_priorities_say_nothing_the_one_that_was_of_no_use_for_longest_goes()
    {
        Assert.Equal(2, Seating.Yields([Seat(0), Seat(0, idle: true, seconds: 61), Seat(0, idle: true, seconds: 90), Seat(0, idle: true, working: true, seconds: 900)], 0));
        Assert.Equal(-1, Seating.Yields([Seat(0), Seat(0, idle: true, seconds: 59)], 0));
        Assert.Equal(-1, Seating.Idlest([Seat(0, seconds: 1e6)]));
    }
}
