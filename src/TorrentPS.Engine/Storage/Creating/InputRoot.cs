using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Creating;

/// <summary>The folder that a torrent is made of, or that contains its files and folders.</summary>
/// <param name="Path">The full path of the folder; for one file, the folder that contains it.</param>
/// <param name="Name">The default name of the torrent.</param>
/// <param name="IsFile">Whether the torrent is of one file.</param>
/// <param name="Inputs">The full paths of the inputs.</param>
internal sealed record InputRoot(string Path, string Name, bool IsFile, IReadOnlyList<string> Inputs)
{
    /// <summary>The name for messages.</summary>
    public string Shown => Inputs.Count == 1 ? Inputs[0] : Path;

    /// <summary>
    /// Finds the root. If names can be spelled in several ways, those on disk are used, so that the same files make the same torrent however they were typed.
    /// </summary>
    /// <param name="paths">The files and folders.</param>
    /// <param name="equality">Compares paths; null means the system's rule.</param>
    /// <exception cref="TorrentException">A path does not exist (TorrentNotFound), or the paths have no common folder with a name (InvalidTorrent).</exception>
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

    /// <summary>The deepest folder that contains all inputs.</summary>
    private static string Common(List<string> inputs, PathEquality equality)
    {
        string? folder = System.IO.Path.GetDirectoryName(inputs[0]);
        while (folder is not null && !inputs.TrueForAll(input => equality.IsBelow(input, folder)))
            folder = System.IO.Path.GetDirectoryName(folder);
        return folder ?? "";
    }
}
