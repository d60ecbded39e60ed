using System.Globalization;

namespace TorrentPS.Engine.Display;

/// <summary>A count with its noun: <c>1 peer</c>, <c>2 peers</c>. One rule for all texts, so that none says "1 peers".</summary>
public static class CountText
{
    /// <summary>A count and its noun.</summary>
    /// <param name="count">The count.</param>
    /// <param name="noun">The noun in the singular, which has a regular plural, such as <c>peer</c> or <c>address</c>.</param>
    public static string Of(long count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {Noun(count, noun)}");

    /// <summary>The noun, singular or plural to match a count.</summary>
    /// <param name="count">The count.</param>
    /// <param name="noun">As for <see cref="Of"/>.</param>
    public static string Noun(long count, string noun)
    {
        ArgumentNullException.ThrowIfNull(noun);
        return count == 1 ? noun : noun + (noun.EndsWith('s') ? "es" : "s");
    }
}
