namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// Orders paths by their UTF-8 bytes, as mktorrent does: the same on every system and in every culture. .NET's ordinal comparison is by UTF-16 code units, which sorts
/// characters above U+FFFF before those from U+E000.
/// </summary>
internal sealed class PathOrder : IComparer<string>
{
    private readonly bool _byFolder;

    private PathOrder(bool byFolder) => _byFolder = byFolder;

    public static PathOrder Instance { get; } = new(byFolder: false);

    /// <summary>By path components, like the dictionaries of a v2 file tree (BEP 52): <c>a/z</c> comes before <c>a.b</c>.</summary>
    public static PathOrder ByFolder { get; } = new(byFolder: true);

    public int Compare(string? x, string? y)
    {
        int common = x.AsSpan().CommonPrefixLength(y);
        if (x is null || y is null || common == x.Length || common == y.Length)
            return (x?.Length ?? 0) - (y?.Length ?? 0);
        return Rank(x[common]) - Rank(y[common]);
    }

    // Surrogates sort after all other code units.
    private int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : _byFolder && unit == '/' ? -1 : unit;
}
