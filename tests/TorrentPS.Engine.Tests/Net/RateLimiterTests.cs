using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Swarm;

namespace TorrentPS.Engine.Tests.Net;

public sealed class RateLimiterTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TestLoop _loop = new();

    public void Dispose() => _loop.Dispose();

    private void Pass(double seconds)
    {
        for (double passed = 0; passed < seconds; passed += 0.01)
        {
            _time.Advance(TimeSpan.FromSeconds(0.01));
            _loop.Run();
        }
    }

    /// <summary>Takes in a loop, and counts; on request, uses only a part of what it gets.</summary>
    private static async Task ConsumeAsync(RateLimiter limiter, int wanted, Action<int> passed, Func<int, int>? used = null)
    {
        while (true)
        {
            int taken = await limiter.TakeAsync(wanted);
            int use = used?.Invoke(taken) ?? taken;
            passed(use);
            limiter.GiveBack(taken - use);
        }
    }

    [Theory]
    [InlineData(1_000, 16384)]
    [InlineData(50_000, 16384)]
    [InlineData(1_000_000, 16384)]
    [InlineData(1_000_000, 500_000)]
    [InlineData(100_000_000, 500_000)]
    [InlineData(50_000, 100)]
    public void Enforces_its_rate(long perSecond, int wanted)
    {
        RateLimiter limiter = new(perSecond, _time);
        long passed = 0;
        _loop.Run(() => _ = ConsumeAsync(limiter, wanted, bytes => passed += bytes));
        Pass(20);
        long before = passed; // the start may be a burst
        Pass(20);
        Assert.InRange(passed - before, 20 * perSecond * 0.95, 20 * perSecond * 1.05 + Math.Min(perSecond, 16384));
    }

    [Fact]
    public void Is_accurate_from_the_start()
    {
        RateLimiter limiter = new(500_000, _time);
        long passed = 0;
        _loop.Run(() => _ = ConsumeAsync(limiter, 16384, bytes => passed += bytes));
        Pass(10);
        Assert.InRange(passed, 4_750_000, 5_250_000);
    }

    [Fact]
    public void Returned_bytes_pass_later()
    {
        RateLimiter limiter = new(500_000, _time);
        long passed = 0;
        Random random = new(1);
        _loop.Run(() => _ = ConsumeAsync(limiter, 16384, bytes => passed += bytes, taken => random.Next(1, taken)));
        Pass(10);
        Assert.InRange(passed, 4_750_000, 5_250_000);
    }

    [Fact]
    public void Overuse_makes_later_takers_wait()
    {
        RateLimiter limiter = new(20_000, _time);
        long passed = 0;
        _loop.Run(() => _ = ConsumeAsync(limiter, 16384, bytes => passed += bytes, _ => 131_072));
        Pass(130);
        Assert.InRange(passed, 20_000 * 120, 20_000 * 130 + 2 * 131_072);
    }

    [Fact]
    public void Waiters_get_equal_shares()
    {
        RateLimiter limiter = new(200_000, _time);
        long[] passed = new long[10];
        _loop.Run(() =>
        {
            for (int i = 0; i < passed.Length; i++)
            {
                int number = i;
                _ = ConsumeAsync(limiter, number % 2 == 0 ? 16384 : 262_144, bytes => passed[number] += bytes);
            }
        });
        Pass(40);
        double mean = passed.Average();
        Assert.InRange(passed.Sum(), 0.95 * 8_000_000, 1.05 * 8_000_000);
        Assert.All(passed, bytes => Assert.InRange(bytes, 0.7 * mean, 1.3 * mean));
    }

    [Fact]
    public void A_cancelled_waiter_takes_nothing()
    {
        RateLimiter limiter = new(100_000, _time);
        long passed = 0;
        using CancellationTokenSource cancellation = new();
        List<Task<int>> given = [];
        _loop.Run(() =>
        {
            _ = ConsumeAsync(limiter, 16384, bytes => passed += bytes);
            for (int i = 0; i < 20; i++)
                given.Add(limiter.TakeAsync(16384, cancellation.Token).AsTask());
            cancellation.Cancel();
        });
        Pass(20);
        Assert.All(given.Skip(1), task => Assert.True(task.IsCanceled));
        Assert.InRange(passed, 0.95 * 2_000_000, 1.05 * 2_000_000);
    }

    [Fact]
    public void Idle_time_does_not_accumulate()
    {
        RateLimiter limiter = new(100_000, _time);
        Pass(100);
        long passed = 0;
        _loop.Run(() => _ = ConsumeAsync(limiter, 16384, bytes => passed += bytes));
        Assert.InRange(passed, 1, 50_000);
    }

    [Fact]
    public async Task A_limit_of_0_is_no_limit()
    {
        RateLimiter limiter = new(0, _time);
        Assert.False(limiter.IsLimited);
        for (int i = 0; i < 100; i++)
            Assert.Equal(int.MaxValue, await limiter.TakeAsync(int.MaxValue, TestContext.Current.CancellationToken));
    }
}
