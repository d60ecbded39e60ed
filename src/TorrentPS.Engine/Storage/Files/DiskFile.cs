namespace TorrentPS.Engine.Storage.Files;

/// <summary>Examines a file without opening it.</summary>
internal static class DiskFile
{
    /// <summary>The file at a path, or the target of a link, whose size and time count. Null if there is none.</summary>
    public static FileInfo? Look(string path)
    {
        FileInfo info = new(path);
        try
        {
            FileInfo? file = info.LinkTarget is null ? info : info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo;
            return file is { Exists: true } ? file : null;
        }
        catch (IOException) when (info.LinkTarget is not null)
        {
            // A cycle of links leads nowhere.
            return null;
        }
    }
}
