using System.ComponentModel;
using System.Globalization;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Formatting;

/// <summary>Formats numbers like the engine, with the user's culture. For the views of the module; not meant for scripts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Units
{
    /// <summary>A number of bytes: <c>4.12 GiB</c>.</summary>
    /// <param name="bytes">The number of bytes; null gives an empty text.</param>
    public static string Size(long? bytes) => bytes is { } known ? new ByteSize(known).ToString(CultureInfo.CurrentCulture) : string.Empty;

    /// <summary>Bytes per second: <c>4.12 MiB/s</c>.</summary>
    /// <param name="bytesPerSecond">The number of bytes per second.</param>
    public static string Rate(long bytesPerSecond) => new ByteRate(bytesPerSecond).ToString(CultureInfo.CurrentCulture);

    /// <summary>A duration, short: <c>12.3 s</c>, <c>4 min 5 s</c>, <c>3 d 4 h</c>.</summary>
    /// <param name="value">The duration; null gives an empty text.</param>
    public static string Duration(TimeSpan? value) => value is { } time ? DurationText.Of(time, CultureInfo.CurrentCulture) : string.Empty;

    /// <summary>A latency: <c>24 ms</c>.</summary>
    /// <param name="value">The latency; null gives an empty text.</param>
    public static string Latency(TimeSpan? value) => value is { } latency ? DurationText.Latency(latency, CultureInfo.CurrentCulture) : string.Empty;

    /// <summary>A percentage: <c>45.2 %</c>; 100 only if complete.</summary>
    /// <param name="percent">0 to 100.</param>
    public static string Percent(double percent) => PercentText.Of(percent, CultureInfo.CurrentCulture);
}
