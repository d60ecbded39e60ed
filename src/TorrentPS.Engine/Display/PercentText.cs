using System.Globalization;

namespace TorrentPS.Engine.Display;

/// <summary>Parts of a whole as they are shown.</summary>
public static class PercentText
{
    /// <summary><c>45.2 %</c>, rounded down, so that it is <c>100 %</c> only when it is all.</summary>
    /// <param name="percent">0 to 100.</param>
    /// <param name="provider">How numbers are written; null for the way of the invariant culture.</param>
    public static string Of(double percent, IFormatProvider? provider = null) =>
        percent >= 100 ? "100 %" : $"{(Math.Floor((decimal)percent * 10) / 10).ToString("0.0", provider ?? CultureInfo.InvariantCulture)} %";
}
