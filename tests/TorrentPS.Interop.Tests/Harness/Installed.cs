namespace TorrentPS.Interop.Tests.Harness;

/// <summary>The programs on this machine.</summary>
internal static class Installed
{
    // Debian keeps daemons outside the PATH of ordinary users.
    private static readonly string[] s_more = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

    /// <summary>The path of a program, or null.</summary>
    public static string? Find(string program)
    {
        if (Path.IsPathRooted(program))
            return File.Exists(program) ? program : null;
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string[] names = OperatingSystem.IsWindows() ? [program + ".exe", program + ".cmd"] : [program];
        return folders.Concat(s_more).SelectMany(_ => names, Path.Combine).FirstOrDefault(File.Exists);
    }

    /// <summary>The path of a program; skips the test if it is not installed.</summary>
    public static string Require(string program, string package)
    {
        string? path = Find(program);
        Assert.SkipWhen(path is null, $"{program} is not installed: apt-get install {package}");
        return path!;
    }
}
