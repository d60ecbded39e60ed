namespace TorrentPS;

/// <summary>Compares the visible surface of a program with a file in <c>tests/Surface</c>, so that it does not change by accident.</summary>
internal static class SurfaceFile
{
    private const string Update = "TORRENTPS_UPDATE_SURFACE";

    /// <summary>Compares the lines with those of the file; writes the file instead if the environment variable says so.</summary>
    /// <param name="name">The file's name without its extension.</param>
    /// <param name="surface">The lines, in any order.</param>
    /// <returns>A description of the differences; null if there are none.</returns>
    public static string? Difference(string name, IEnumerable<string> surface)
    {
        string path = Path.Combine(Root(), "tests", "Surface", $"{name}.txt");
        string[] lines = [.. surface.Order(StringComparer.Ordinal)];
        if (Environment.GetEnvironmentVariable(Update) is "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, string.Concat(lines.Select(line => line + "\n")));
            return null;
        }

        string[] known = File.ReadAllLines(path);
        string[] differences = [.. known.Except(lines).Select(line => $"- {line}"), .. lines.Except(known).Select(line => $"+ {line}")];
        return differences.Length == 0 ? null
            : $"This is not what tests/Surface/{name}.txt says. Scripts rely on what is gone or different; where the change is meant, run './build.ps1 Surface', or this test with {Update}=1:\n{string.Join('\n', differences)}";
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "TorrentPS.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("TorrentPS.sln is in no folder above the tests.");
    }
}
