using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class UploadSlotsTests
{
    /// <summary>Runs for a number of seconds, at a rate that depends on the slots.</summary>
    private static List<int> Run(UploadSlots slots, double seconds, Func<int, double> rateOf, Func<double, bool>? isFull = null)
    {
        List<int> counts = [];
        double sent = 0;
        for (double now = 0; now < seconds; now += 0.5)
        {
            slots.Look((long)sent, isFull?.Invoke(now) ?? true, now);
            sent += 0.5 * rateOf(slots.Count);
            counts.Add(slots.Count);
        }

        return counts;
    }

    [Fact]
    public void More_slots_are_kept_if_each_adds_to_the_rate()
    {
        UploadSlots slots = new(16);
        Run(slots, 60, count => count * 50_000);
        Assert.Equal(16, slots.Count);
    }

    [Fact]
    public void More_slots_are_withdrawn_if_the_link_is_full()
    {
        UploadSlots slots = new(16);
        List<int> counts = Run(slots, 600, _ => 1e6);
        Assert.Equal(4, counts[^1]);
        Assert.True(counts.Count(count => count > 4) < counts.Count / 10, "trials are rare");
        Assert.Contains(6, counts);
        Assert.DoesNotContain(9, counts);
    }

    [Fact]
    public void A_trial_that_ends_early_proves_nothing()
    {
        UploadSlots slots = new(16);
        List<int> counts = Run(slots, 17, _ => 1e6, now => now < 15);
        Assert.Contains(6, counts);
        Assert.Equal(4, slots.Count);
    }

    [Fact]
    public void There_are_never_more_than_the_limit_supports()
    {
        UploadSlots slots = new(5);
        Assert.All(Run(slots, 60, count => count * 50_000), count => Assert.InRange(count, 4, 5));
        Assert.Equal(2, new UploadSlots(2).Count);
    }
}
