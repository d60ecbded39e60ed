using System.Globalization;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Cli.Output;

/// <summary>Formats sizes, rates and counts like the engine, with the invariant culture, because programs read this output, too.</summary>
internal static class Quantity
{
    /// <summary><c>1.5 GiB</c>; empty if unknown.</summary>
    public static string Size(long? bytes) => bytes is { } known ? new ByteSize(known).ToString(CultureInfo.InvariantCulture) : "";

    /// <summary>The size with all digits if the short form is rounded.</summary>
    public static string ExactSize(long bytes) =>
        bytes < 1024 ? Size(bytes) : string.Create(CultureInfo.InvariantCulture, $"{Size(bytes)} ({bytes:N0} bytes)");

    public static string Rate(long bytesPerSecond) => new ByteRate(bytesPerSecond).ToString(CultureInfo.InvariantCulture);

    public static string Duration(TimeSpan time) => DurationText.Of(time, CultureInfo.InvariantCulture);

    public static string Percent(double percent) => PercentText.Of(percent, CultureInfo.InvariantCulture);

    /// <summary><c>1 peer</c>, <c>2 peers</c>.</summary>
    public static string Count(long? count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {CountText.Noun(count ?? 0, noun)}");
}
