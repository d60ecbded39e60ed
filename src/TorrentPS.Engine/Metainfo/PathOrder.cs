namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// Orders paths by their bytes in UTF-8, as mktorrent does: the same on every system and in every culture. Ordinal comparison of .NET is by
/// UTF-16 units, which puts characters beyond U+FFFF before those from U+E000.
/// </summary>
internal sealed class PathOrder : IComparer<string>
{
    public static PathOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        int common = x.AsSpan().CommonPrefixLength(y);
        if (x is null || y is null || common == x.Length || common == y.Length)
            return (x?.Length ?? 0) - (y?.Length ?? 0);
        return Rank(x[common]) - Rank(y[common]);
    }

    // Surrogates come after all other units.
    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
