using FsCheck.Xunit;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

public sealed class RateMeterTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.3)]
    [InlineData(0.5)]
    public void A_steady_rate_is_measured(double interval)
    {
        RateMeter meter = new();
        double now = 1000;
        for (; now < 1030; now += interval)
            meter.Add((long)(50_000 * interval), now);
        Assert.InRange(meter.PerSecond(now), 44_000, 56_000);
    }

    [Fact]
    public void At_first_the_rate_covers_the_elapsed_time()
    {
        RateMeter meter = new();
        for (int i = 0; i < 10; i++)
            meter.Add(1000, 7 + i * 0.1);
        Assert.InRange(meter.PerSecond(8), 9_000, 11_000);
    }

    [Fact]
    public void Five_seconds_without_data_are_no_rate()
    {
        RateMeter meter = new();
        Assert.Equal(0, meter.PerSecond(3));
        meter.Add(1_000_000, 3);
        Assert.True(meter.PerSecond(4) > 0);
        Assert.Equal(0, meter.PerSecond(9));
        Assert.Equal(0, meter.PerSecond(1e6));
        Assert.Equal(1_000_000, meter.Total);
        meter.Add(500, 1e6);
        Assert.InRange(meter.PerSecond(1e6 + 0.1), 1, 10_000);
    }

    [Property(MaxTest = 200)]
    public void Is_never_negative_or_more_than_was_received(int seed)
    {
        Random random = new(seed);
        RateMeter meter = new();
        double now = random.NextDouble() * 100;
        long total = 0;
        for (int i = 0; i < 200; i++)
        {
            now += random.Next(10) == 0 ? random.NextDouble() * 20 : random.NextDouble() * 0.2;
            if (random.Next(3) > 0)
            {
                long bytes = random.Next(100_000);
                total += bytes;
                meter.Add(bytes, now);
            }

            Assert.InRange(meter.PerSecond(now), 0, total / 0.125 + 1);
        }

        Assert.Equal(total, meter.Total);
    }

    [Fact]
    public void A_pause_between_requests_does_not_count()
    {
        RateMeter meter = new();
        meter.Resume(0); // nothing to forget
        for (double now = 0; now < 2; now += 0.1)
            meter.Add(10_000, now);
        meter.Resume(2.5); // no pause
        Assert.InRange(meter.PerSecond(2.5), 70_000, 90_000);
        meter.Resume(5);
        Assert.Equal(0, meter.PerSecond(5));
        meter.Add(20_000, 5.2);
        Assert.Equal(100_000, meter.PerSecond(5.2), 1.0);
        Assert.Equal(220_000, meter.Total);
    }
}
