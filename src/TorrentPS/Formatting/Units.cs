using System.ComponentModel;
using System.Globalization;

namespace TorrentPS.Formatting;

/// <summary>Numbers as people read them. For the views of the module; not meant for scripts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Units
{
    private static readonly string[] s_sizes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A number of bytes: <c>4.12 GiB</c>.</summary>
    /// <param name="bytes">The number of bytes; nothing is written for null.</param>
    public static string Size(long? bytes)
    {
        if (bytes is null)
            return string.Empty;
        double value = bytes.Value;
        int unit = 0;
        // 1023.995 would be written as 1024.
        while (Math.Abs(value) >= 1023.995 && unit < s_sizes.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        string format = unit == 0 ? "0" : Math.Abs(value) < 9.995 ? "0.00" : Math.Abs(value) < 99.95 ? "0.0" : "0";
        return $"{value.ToString(format, CultureInfo.CurrentCulture)} {s_sizes[unit]}";
    }

    /// <summary>Bytes a second: <c>4.12 MiB/s</c>.</summary>
    /// <param name="bytesPerSecond">The bytes a second.</param>
    public static string Rate(long bytesPerSecond) => $"{Size(bytesPerSecond)}/s";

    /// <summary>A duration, short: <c>12.3 s</c>, <c>04:05</c>, <c>1:04:05</c>, <c>3d 04:05</c>.</summary>
    /// <param name="value">The duration; nothing is written for null.</param>
    public static string Duration(TimeSpan? value) => value switch
    {
        null => string.Empty,
        { TotalSeconds: < 60 } seconds => $"{seconds.TotalSeconds.ToString("0.0", CultureInfo.CurrentCulture)} s",
        { TotalHours: < 1 } minutes => minutes.ToString(@"mm\:ss", CultureInfo.InvariantCulture),
        { TotalDays: < 1 } hours => hours.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture),
        { } days => days.ToString(@"d\d\ hh\:mm", CultureInfo.InvariantCulture),
    };

    /// <summary>A latency: <c>24 ms</c>.</summary>
    /// <param name="value">The latency; nothing is written for null.</param>
    public static string Latency(TimeSpan? value) =>
        value is { } latency ? $"{latency.TotalMilliseconds.ToString(latency.TotalMilliseconds < 10 ? "0.0" : "0", CultureInfo.CurrentCulture)} ms" : string.Empty;

    /// <summary>A part of the whole: <c>45.2 %</c>; 100 only when it is all of it.</summary>
    /// <param name="percent">0 to 100.</param>
    public static string Percent(double percent) =>
        percent >= 100 ? "100 %" : $"{(Math.Floor((decimal)percent * 10) / 10).ToString("0.0", CultureInfo.CurrentCulture)} %";
}
