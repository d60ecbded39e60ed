namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// Orders paths by their bytes in UTF-8, as mktorrent does: the same on every system and in every culture. Ordinal comparison of .NET is by
/// UTF-16 units, which puts characters beyond U+FFFF before those from U+E000.
/// </summary>
internal sealed class PathOrder : IComparer<string>
{
    private readonly bool _byFolder;

    private PathOrder(bool byFolder) => _byFolder = byFolder;

    public static PathOrder Instance { get; } = new(byFolder: false);

    /// <summary>Part by part, as the dictionaries of a v2 file tree have it (BEP 52): <c>a/z</c> comes before <c>a.b</c>.</summary>
    public static PathOrder ByFolder { get; } = new(byFolder: true);

    public int Compare(string? x, string? y)
    {
        int common = x.AsSpan().CommonPrefixLength(y);
        if (x is null || y is null || common == x.Length || common == y.Length)
            return (x?.Length ?? 0) - (y?.Length ?? 0);
        return Rank(x[common]) - Rank(y[common]);
    }

    // Surrogates come after all other units.
    private int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : _byFolder && unit == '/' ? -1 : unit;
}
