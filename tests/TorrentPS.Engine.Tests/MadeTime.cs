using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace TorrentPS.Engine.Tests;

/// <summary>Advances a fake clock beside real sockets and threads: never faster than this machine does the due work.</summary>
internal static class MadeTime
{
    /// <summary>Messages there and back per step.</summary>
    private const int Beats = 12;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5); // for hangs

    /// <summary>Advances the clock a little, and lets the threads do the due work.</summary>
    public static Task PassAsync(this FakeTimeProvider time, double seconds)
    {
        time.Advance(TimeSpan.FromSeconds(seconds));
        return LoopbackPulse.BeatAsync(Beats);
    }

    /// <summary>Advances the clock, a step at a time, until a condition holds.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="condition">The condition.</param>
    /// <param name="step">Seconds.</param>
    /// <param name="atMost">Seconds after which the clock keeps pace with real time: work that takes real time is not given up, and periodic work continues.</param>
    /// <param name="report">An addition to the message of a failed test.</param>
    public static async Task UntilAsync(this FakeTimeProvider time, Func<bool> condition, double step, double atMost = double.MaxValue, Func<string>? report = null)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan last = TimeSpan.Zero;
        for (double passed = 0; !condition(); passed += step)
        {
            TimeSpan real = Stopwatch.GetElapsedTime(start);
            Assert.True(real < s_limit, $"It did not come about. {report?.Invoke()}");
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await time.PassAsync(passed < atMost ? step : (real - last).TotalSeconds);
            last = real;
        }
    }
}
