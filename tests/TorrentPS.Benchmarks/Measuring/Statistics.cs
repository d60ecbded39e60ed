using System.Globalization;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>Medians, and the formats of numbers in the tables.</summary>
internal static class Statistics
{
    public const double MiB = 1 << 20;
    public const double GiB = 1 << 30;

    /// <summary>The median; null if there are no values.</summary>
    public static double? Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    public static string Show(double? value, int digits = 2) => value?.ToString("N" + digits, CultureInfo.InvariantCulture) ?? "-";

    public static string ShowMedian(IEnumerable<double> values, int digits = 2) => Show(Median(values), digits);
}
