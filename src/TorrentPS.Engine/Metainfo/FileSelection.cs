using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Selects files of a torrent by wildcard patterns.</summary>
internal static class FileSelection
{
    private const int ShownNames = 5;

    /// <summary>
    /// Returns which files are selected: those that match a pattern of <paramref name="include"/> (all, if it is empty), except those that match a pattern of <paramref
    /// name="exclude"/>. Padding is never selected. A pattern matches the whole path, the path below the torrent's folder, or the file name. Without a pattern to
    /// include, a magnet link's own selection applies (BEP 53).
    /// </summary>
    /// <exception cref="TorrentException">No file is selected.</exception>
    public static bool[] Select(Torrent torrent, IReadOnlyList<string>? include, IReadOnlyList<string>? exclude)
    {
        Wildcard[] included = Compile(include);
        Wildcard[] excluded = Compile(exclude);
        int folder = torrent.IsSingleFile ? 0 : torrent.Name.Length + 1;
        bool[] wanted = new bool[torrent.Files.Count];
        bool any = false;
        for (int i = 0; i < wanted.Length; i++)
        {
            TorrentFile file = torrent.Files[i];
            if (file.IsPadding)
                continue;
            wanted[i] = (included.Length == 0 ? torrent.Link?.IsFileSelected(i) != false : Matches(included, file.Path, folder)) && !Matches(excluded, file.Path, folder);
            any |= wanted[i];
        }
        bool isAll = included.Length == 0 && excluded.Length == 0 && torrent.Link is not { SelectedFiles.Count: > 0 };
        return any || isAll ? wanted : throw NothingLeft(torrent, folder);
    }

    private static Wildcard[] Compile(IReadOnlyList<string>? patterns) => patterns is null ? [] : [.. patterns.Select(pattern => new Wildcard(pattern))];

    private static bool Matches(Wildcard[] patterns, string path, int folder)
    {
        foreach (Wildcard pattern in patterns)
        {
            if (pattern.IsMatch(path) || pattern.IsMatch(path.AsSpan(folder)) || pattern.IsMatch(path.AsSpan(path.LastIndexOf('/') + 1)))
                return true;
        }
        return false;
    }

    private static TorrentException NothingLeft(Torrent torrent, int folder)
    {
        var names = torrent.Files.Where(file => !file.IsPadding).Select(file => file.Path[folder..]).Take(ShownNames + 1).ToList();
        string shown = string.Join(", ", names.Take(ShownNames).Select(name => $"'{MetainfoFault.Show(name)}'"));
        string more = names.Count > ShownNames ? ", …" : ".";
        return new TorrentException(TorrentErrorId.NothingSelected,
            $"No file of '{MetainfoFault.Show(torrent.Name)}' is left by what is to be included and excluded. Its files are {shown}{more}");
    }
}
