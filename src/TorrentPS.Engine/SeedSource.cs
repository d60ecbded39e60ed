using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine;

/// <summary>Finds the data to upload for a torrent.</summary>
public static class SeedSource
{
    /// <summary>
    /// Finds the folder that contains a torrent's file or folder. By default, that is where the files of a torrent that was just created are, or the folder of the
    /// .torrent, or else the current folder.
    /// </summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="given">The folder, or the path of the torrent's own file or folder; null if not given.</param>
    /// <param name="current">The current folder.</param>
    /// <returns>The folder's full path. The data in it need not be complete.</returns>
    /// <exception cref="TorrentException">Nothing with the torrent's name is there (<c>DataMismatch</c>).</exception>
    public static string Find(TorrentInfo torrent, string? given, string? current) => Find(torrent, given, current, PathEquality.OfSystem);

    internal static string Find(TorrentInfo torrent, string? given, string? current, PathEquality equality)
    {
        ArgumentNullException.ThrowIfNull(torrent);
        if (given is not null)
            return FindGiven(torrent, given, equality);
        string? beside = torrent.Path is { } path && Path.IsPathFullyQualified(path) ? Path.GetDirectoryName(path) : null;
        string[] places = [.. new[] { torrent.DataFolder, beside, current }.OfType<string>().Distinct(equality)];
        foreach (string folder in places)
        {
            if (Path.Exists(Path.Join(folder, torrent.Name)))
                return folder;
        }

        string looked = string.Join(" nor in ", places.Select(folder => $"'{folder}'"));
        throw new TorrentException(TorrentErrorId.DataMismatch, $"The data of '{torrent.Name}' is not in {looked}. Name the folder that it is in.");
    }

    private static string FindGiven(TorrentInfo torrent, string given, PathEquality equality)
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(given));
        if (Path.Exists(Path.Join(folder, torrent.Name)))
            return folder;
        // The path of the data itself was given, which can mean nothing else.
        if (equality.Equals(Path.GetFileName(folder), torrent.Name) && Path.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
            return parent;
        throw new TorrentException(TorrentErrorId.DataMismatch, Path.Exists(folder)
            ? $"There is no '{torrent.Name}' in '{folder}'. Name the folder that it is in."
            : $"There is no folder '{folder}'. Name the folder that '{torrent.Name}' is in.");
    }
}
