using System.Globalization;

namespace TorrentPS.Engine.Display;

/// <summary>Formats percentages.</summary>
public static class PercentText
{
    /// <summary><c>45.2 %</c>, rounded down, so that <c>100 %</c> means complete.</summary>
    /// <param name="percent">0 to 100.</param>
    /// <param name="provider">The format of numbers; null means the invariant culture.</param>
    public static string Of(double percent, IFormatProvider? provider = null) =>
        percent >= 100 ? "100 %" : $"{(Math.Floor((decimal)percent * 10) / 10).ToString("0.0", provider ?? CultureInfo.InvariantCulture)} %";
}
