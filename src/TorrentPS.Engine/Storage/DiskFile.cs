namespace TorrentPS.Engine.Storage;

/// <summary>What is known of a file without opening it.</summary>
internal static class DiskFile
{
    /// <summary>The file at a path; where there is a link, the file that it leads to, whose size and time are what counts.</summary>
    public static FileInfo Look(string path)
    {
        FileInfo info = new(path);
        return info.LinkTarget is null ? info : (FileInfo?)info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
    }
}
