using System.Globalization;

namespace TorrentPS.Engine.Display;

/// <summary>Formats durations: at most two units, the larger first.</summary>
public static class DurationText
{
    /// <summary>Formats a duration: <c>24 ms</c>, <c>12.3 s</c>, <c>4 min 5 s</c>, <c>1 h 4 min</c>, <c>3 d 4 h</c>; a negative one is <c>0 ms</c>.</summary>
    /// <param name="time">The duration.</param>
    /// <param name="provider">The format of numbers; null means the invariant culture.</param>
    public static string Of(TimeSpan time, IFormatProvider? provider = null)
    {
        provider ??= CultureInfo.InvariantCulture;
        return time switch
        {
            { Ticks: < 0 } => "0 ms",
            { TotalMilliseconds: < 999.5 } => string.Create(provider, $"{time.TotalMilliseconds:0} ms"),
            { TotalSeconds: < 59.95 } => string.Create(provider, $"{time.TotalSeconds:0.0} s"),
            { TotalHours: < 1 } => string.Create(provider, $"{Math.Max(1, time.Minutes)} min {(time.Minutes == 0 ? 0 : time.Seconds)} s"),
            { TotalDays: < 1 } => string.Create(provider, $"{time.Hours} h {time.Minutes} min"),
            _ => string.Create(provider, $"{(long)time.TotalDays} d {time.Hours} h"),
        };
    }

    /// <summary>Formats the time left, in whole seconds or two units: <c>15 s</c>, <c>4 min 5 s</c>.</summary>
    /// <param name="time">The time left.</param>
    public static string Left(TimeSpan time) =>
        time < TimeSpan.FromMinutes(1) ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, Math.Ceiling(time.TotalSeconds)):0} s") : Of(time, CultureInfo.InvariantCulture);

    /// <summary>Formats a latency: <c>0.4 ms</c>, <c>24 ms</c>, <c>4999 ms</c>.</summary>
    /// <param name="time">The time.</param>
    /// <param name="provider">The format of numbers; null means the invariant culture.</param>
    public static string Latency(TimeSpan time, IFormatProvider? provider = null) =>
        $"{time.TotalMilliseconds.ToString(time.TotalMilliseconds < 10 ? "0.0" : "0", provider ?? CultureInfo.InvariantCulture)} ms";
}
