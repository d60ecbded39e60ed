namespace TorrentPS.Benchmarks.Measuring;

/// <summary>The programs on this machine.</summary>
internal static class Installed
{
    // Daemons are often outside the PATH of ordinary users.
    private static readonly string[] s_more = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

    /// <summary>The path of a program, or null.</summary>
    public static string? Find(string program)
    {
        string name = OperatingSystem.IsWindows() ? program + ".exe" : program;
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Concat(s_more).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }
}
