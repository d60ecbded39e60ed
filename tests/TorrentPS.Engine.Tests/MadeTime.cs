using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace TorrentPS.Engine.Tests;

/// <summary>How a made clock goes on beside real sockets and threads: never faster than this machine does what is due.</summary>
internal static class MadeTime
{
    /// <summary>Messages there and back for a step.</summary>
    private const int Beats = 12;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5); // for what hangs

    /// <summary>Lets the clock go on a little, and the threads do what is due.</summary>
    public static Task PassAsync(this FakeTimeProvider time, double seconds)
    {
        time.Advance(TimeSpan.FromSeconds(seconds));
        return LoopbackPulse.BeatAsync(Beats);
    }

    /// <summary>Lets the clock go on, a step at a time, until something is so.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="condition">What is to come about.</param>
    /// <param name="step">Seconds.</param>
    /// <param name="atMost">Seconds after which the clock keeps pace with the machine's: work that takes real time is not given up, and what is done at a tick still has ticks.</param>
    /// <param name="report">What a failed test's message says besides.</param>
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
