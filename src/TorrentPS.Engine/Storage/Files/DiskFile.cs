namespace TorrentPS.Engine.Storage.Files;

/// <summary>What is known of a file without opening it.</summary>
internal static class DiskFile
{
    /// <summary>The file at a path; where there is a link, the file that it leads to, whose size and time are what counts. Null when there is none.</summary>
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
            // Links that lead to each other lead nowhere.
            return null;
        }
    }
}
