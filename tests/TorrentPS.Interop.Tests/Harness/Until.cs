using System.Diagnostics;

namespace TorrentPS.Interop.Tests.Harness;

/// <summary>Waits for results of other processes by polling, within a limit.</summary>
internal static class Until
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(50);

    public static Task TrueAsync(Func<bool> condition, TimeSpan limit, string what, Func<string>? details = null) =>
        TrueAsync(() => Task.FromResult(condition()), limit, what, details);

    /// <exception cref="TimeoutException">The condition did not hold within the limit.</exception>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, string what, Func<string>? details = null)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > limit)
                throw new TimeoutException($"Waited {limit.TotalSeconds:0} s in vain: {what}.{(details is null ? "" : $"\n{details()}")}");
            await Task.Delay(s_step, cancellationToken);
        }
    }
}
