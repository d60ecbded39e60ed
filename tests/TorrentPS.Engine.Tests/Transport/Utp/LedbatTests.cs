using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Tests.Transport.Utp;

public sealed class LedbatTests
{
    private const int Packet = 1400;

    [Fact]
    public void Slow_start_doubles_with_each_round_trip_until_packets_wait()
    {
        Ledbat ledbat = new(Packet);
        for (int round = 0; round < 5; round++)
            ledbat.Acknowledged(ledbat.Window, 0, ledbat.Window, Packet);
        Assert.Equal(4 * Packet * 32, ledbat.Window);

        ledbat.Acknowledged(Packet, 80_000, ledbat.Window, Packet);

        Assert.False(ledbat.IsSlowStart);
    }

    [Theory]
    [InlineData(0, 3000)]
    [InlineData(50_000, 1500)]
    [InlineData(100_000, 0)]
    public void Then_it_grows_in_proportion_to_the_distance_from_the_target(long queueing, int expected)
    {
        Ledbat ledbat = Grown();
        int before = ledbat.Window;

        ledbat.Acknowledged(before, queueing, before, Packet);

        Assert.InRange(ledbat.Window - before, expected - 1, expected);
    }

    [Theory]
    [InlineData(200_000, 0.5)]
    [InlineData(120_000, 0.9)]
    [InlineData(5_000_000, 0.5)]
    public void It_shrinks_in_proportion_to_the_excess(long queueing, double part)
    {
        Ledbat ledbat = Grown();
        int before = ledbat.Window;

        ledbat.Acknowledged(before, queueing, before, Packet);

        Assert.InRange(ledbat.Window, before * part - 2, before * part + 2);
    }

    [Fact]
    public void An_unused_window_does_not_grow()
    {
        Ledbat ledbat = Grown();
        int before = ledbat.Window;

        ledbat.Acknowledged(Packet, 0, Packet, Packet);

        Assert.Equal(before, ledbat.Window);
    }

    [Fact]
    public void A_loss_halves_the_window_and_a_false_loss_restores_it()
    {
        Ledbat ledbat = Grown();
        int before = ledbat.Window;

        ledbat.Lost(Packet);
        Assert.Equal(before / 2, ledbat.Window);
        ledbat.NotLost();

        Assert.Equal(before, ledbat.Window);
    }

    [Fact]
    public void After_a_timeout_it_starts_over()
    {
        Ledbat ledbat = Grown();

        ledbat.TimedOut(Packet);

        Assert.Equal(2 * Packet, ledbat.Window);
        Assert.True(ledbat.IsSlowStart);
    }

    [Fact]
    public void The_minimum_delay_of_ten_minutes_is_the_propagation_delay()
    {
        DelayHistory history = new();
        history.Add(uint.MaxValue - 10, 0); // about to wrap around
        for (int minute = 0; minute < 9; minute++)
            history.Add(40_000, minute * 60_000_000L + 1);

        Assert.Equal(uint.MaxValue - 10, history.Base);
        Assert.Equal(40_011u, history.Queueing);
        for (int minute = 9; minute < 12; minute++)
            history.Add(40_000, minute * 60_000_000L + 1);
        Assert.Equal(40_000u, history.Base);
        Assert.Equal(0u, history.Queueing);
    }

    [Fact]
    public void One_late_packet_is_not_significant()
    {
        DelayHistory history = new();
        for (int i = 0; i < 5; i++)
            history.Add(10_000, i);

        history.Add(500_000, 6);

        Assert.Equal(0u, history.Queueing);
    }

    private static Ledbat Grown()
    {
        Ledbat ledbat = new(Packet);
        for (int round = 0; round < 5; round++)
            ledbat.Acknowledged(ledbat.Window, 0, ledbat.Window, Packet);
        ledbat.Acknowledged(1, 80_000, ledbat.Window, Packet);
        return ledbat;
    }
}
