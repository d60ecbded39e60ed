using System.ComponentModel;
using System.Globalization;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Values;

namespace TorrentPS.Formatting;

/// <summary>Numbers as the engine writes them, in the way of the user's culture. For the views of the module; not meant for scripts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Units
{
    /// <summary>A number of bytes: <c>4.12 GiB</c>.</summary>
    /// <param name="bytes">The number of bytes; nothing is written for null.</param>
    public static string Size(long? bytes) => bytes is { } known ? new ByteSize(known).ToString(CultureInfo.CurrentCulture) : string.Empty;

    /// <summary>Bytes a second: <c>4.12 MiB/s</c>.</summary>
    /// <param name="bytesPerSecond">The bytes a second.</param>
    public static string Rate(long bytesPerSecond) => new ByteRate(bytesPerSecond).ToString(CultureInfo.CurrentCulture);

    /// <summary>A duration, short: <c>12.3 s</c>, <c>4 min 5 s</c>, <c>3 d 4 h</c>.</summary>
    /// <param name="value">The duration; nothing is written for null.</param>
    public static string Duration(TimeSpan? value) => value is { } time ? DurationText.Of(time, CultureInfo.CurrentCulture) : string.Empty;

    /// <summary>A latency: <c>24 ms</c>.</summary>
    /// <param name="value">The latency; nothing is written for null.</param>
    public static string Latency(TimeSpan? value) => value is { } latency ? DurationText.Latency(latency, CultureInfo.CurrentCulture) : string.Empty;

    /// <summary>A part of the whole: <c>45.2 %</c>; 100 only when it is all of it.</summary>
    /// <param name="percent">0 to 100.</param>
    public static string Percent(double percent) => PercentText.Of(percent, CultureInfo.CurrentCulture);
}
