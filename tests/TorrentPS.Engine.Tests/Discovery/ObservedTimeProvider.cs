using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace TorrentPS.Engine.Tests.Discovery;

/// <summary>A clock that is moved by hand, and that tells when somebody has begun to wait: the moment from which moving it means something.</summary>
internal sealed class ObservedTimeProvider : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until somebody waits for so long, and lets that time pass.</summary>
    /// <param name="seconds">The time.</param>
    /// <param name="timer">What is waited for, where it began earlier and so much of it is left.</param>
    public async Task PassAsync(double seconds, double? timer = null)
    {
        var time = TimeSpan.FromSeconds(timer ?? seconds);
        while (await _timers.Reader.ReadAsync(TestContext.Current.CancellationToken) != time)
            continue;
        Advance(TimeSpan.FromSeconds(seconds));
    }
}
