using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>Where the paths in a torrent begin: at the folder it is made of, or that its files and folders are in.</summary>
/// <param name="Path">The full path of the folder; of one file, the folder that it is in.</param>
/// <param name="Name">The name that the torrent gets by it.</param>
/// <param name="IsFile">Whether the torrent is of one file.</param>
/// <param name="Inputs">The full paths of what it is made of.</param>
internal sealed record InputRoot(string Path, string Name, bool IsFile, IReadOnlyList<string> Inputs)
{
    /// <summary>What to call it in a message.</summary>
    public string Shown => Inputs.Count == 1 ? Inputs[0] : Path;

    /// <summary>Finds it. Where names can be spelt in several ways, those on disk count, so that the same files make the same torrent however they are named.</summary>
    /// <param name="paths">The files and folders.</param>
    /// <param name="equality">When two paths are of one file; null takes the system's.</param>
    /// <exception cref="TorrentException">There is nothing at a path (TorrentNotFound), or they have no folder in common that has a name (InvalidTorrent).</exception>
    public static InputRoot Of(IReadOnlyList<string> paths, PathEquality? equality = null)
    {
        equality ??= PathEquality.OfSystem;
        List<string> inputs = [];
        foreach (string path in paths)
        {
            ArgumentException.ThrowIfNullOrEmpty(path, nameof(paths));
            string full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
            if (!inputs.Contains(full, equality))
                inputs.Add(full);
        }

        bool isAlone = inputs.Count == 1;
        string around = System.IO.Path.GetDirectoryName(isAlone ? inputs[0] : Common(inputs, equality)) ?? "";
        for (int i = 0; i < inputs.Count; i++)
            inputs[i] = equality.AsOnDisk(inputs[i], around);
        bool isFile = isAlone && !Directory.Exists(inputs[0]);
        string folder = isAlone && !isFile ? inputs[0] : Common(inputs, equality);
        string name = System.IO.Path.GetFileName(isFile ? inputs[0] : folder);
        if (name.Length > 0)
            return new InputRoot(folder, name, isFile, inputs);
        throw new TorrentException(TorrentErrorId.InvalidTorrent, isAlone
            ? $"'{inputs[0]}' has no name that a torrent could have; choose a folder below it."
            : $"'{inputs[0]}' and '{inputs[^1]}' are in no folder together that a torrent could be of; put them into one.");
    }

    /// <summary>The deepest folder that all are in.</summary>
    private static string Common(List<string> inputs, PathEquality equality)
    {
        string? folder = System.IO.Path.GetDirectoryName(inputs[0]);
        while (folder is not null && !inputs.TrueForAll(input => equality.IsBelow(input, folder)))
            folder = System.IO.Path.GetDirectoryName(folder);
        return folder ?? "";
    }
}
