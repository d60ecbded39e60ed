using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

public sealed class SwarmClockTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly SwarmClock _clock;
    private readonly SwarmLoop _loop = new();

    public SwarmClockTests() => _clock = new SwarmClock(_time);

    public void Dispose() => _clock.Dispose();

    [Fact]
    public async Task Ticks_five_times_a_second_for_an_active_torrent_and_once_for_an_idle_one()
    {
        int moving = 0, idle = 0;
        using SwarmClock.Ticking first = _clock.Start(_loop, () => moving++), second = _clock.Start(_loop, () => idle++);
        second.IsIdle = true;
        await RunAsync(TimeSpan.FromSeconds(4));
        Assert.Equal((20, 4), (moving, idle));
    }

    [Fact]
    public async Task Wakes_once_a_second_when_all_are_idle_and_more_often_when_one_is_active()
    {
        int first = 0, second = 0;
        using SwarmClock.Ticking one = _clock.Start(_loop, () => first++), other = _clock.Start(_loop, () => second++);
        one.IsIdle = other.IsIdle = true;
        await RunAsync(TimeSpan.FromSeconds(10));
        Assert.InRange(first, 9, 11);
        Assert.Equal(first, second);
        int before = first;
        one.IsIdle = false;
        await RunAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(5, first - before);
    }

    [Fact]
    public async Task Continues_for_new_peers_after_all_have_left()
    {
        int first = 0, second = 0;
        SwarmClock.Ticking one = _clock.Start(_loop, () => first++);
        one.IsIdle = true;
        await RunAsync(TimeSpan.FromSeconds(2));
        one.Dispose();
        int before = first;
        await RunAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(before, first);
        using SwarmClock.Ticking other = _clock.Start(_loop, () => second++);
        await RunAsync(TimeSpan.FromSeconds(1));
        Assert.Equal((before, 5), (first, second));
    }

    /// <summary>Lets time pass in small steps, and runs the loop after each.</summary>
    private async Task RunAsync(TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += SwarmClock.Period)
        {
            _time.Advance(SwarmClock.Period);
            await _loop.RunAsync(() => Task.FromResult(true));
        }
    }
}
