using System.Globalization;

namespace TorrentPS.Engine.Display;

/// <summary>A count with its noun, as texts show it: <c>1 peer</c>, <c>2 peers</c>. One rule for all, so that no text says "1 peers".</summary>
public static class CountText
{
    /// <summary>A count and its noun.</summary>
    /// <param name="count">The count.</param>
    /// <param name="noun">The noun in the singular, which has a regular plural, such as <c>peer</c> or <c>address</c>.</param>
    public static string Of(long count, string noun)
    {
        ArgumentNullException.ThrowIfNull(noun);
        return string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : noun.EndsWith('s') ? "es" : "s")}");
    }
}
