using System.Globalization;
using TorrentPS.Engine.Display;

namespace TorrentPS.Cli.Output;

/// <summary>Sizes, rates and durations as people read them. Units are of 1024, and say so.</summary>
internal static class Quantity
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary><c>1.5 GiB</c>; nothing where it is not known.</summary>
    public static string Size(long? bytes)
    {
        if (bytes is null)
            return "";
        double value = bytes.Value;
        int unit = 0;
        while (Math.Abs(value) >= 1024 && unit < s_units.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} B")
            : string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {s_units[unit]}");
    }

    /// <summary>The size with all its digits where the short form leaves some out.</summary>
    public static string ExactSize(long bytes) =>
        bytes < 1024 ? Size(bytes) : string.Create(CultureInfo.InvariantCulture, $"{Size(bytes)} ({bytes:N0} bytes)");

    public static string Rate(long bytesPerSecond) => $"{Size(bytesPerSecond)}/s";

    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 0 } => "0 s",
        { TotalMilliseconds: < 1000 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Hours} h {time.Minutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalDays} d {time.Hours} h"),
    };

    public static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.##} %");

    /// <summary><c>1 peer</c>, <c>2 peers</c>.</summary>
    public static string Count(long? count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {CountText.Noun(count ?? 0, noun)}");
}
