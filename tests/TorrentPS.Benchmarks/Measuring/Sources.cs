namespace TorrentPS.Benchmarks.Measuring;

/// <summary>The location of this program's sources.</summary>
internal static class Sources
{
    /// <summary>The folder of the solution; null if the program was moved away from it.</summary>
    public static string? Root { get; } = Find();

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TorrentPS.sln")))
                return folder.FullName;
        }

        return null;
    }
}
