using System.Diagnostics;

namespace TorrentPS.Interop.Tests.Harness;

/// <summary>A small file system in memory, mounted on a folder until disposed.</summary>
internal sealed class Tmpfs : IDisposable
{
    private readonly string _folder;

    private Tmpfs(string folder) => _folder = folder;

    /// <summary>Mounts a file system; skips the test if that is not allowed.</summary>
    /// <param name="folder">The mount point.</param>
    /// <param name="options">The options of mount -o.</param>
    public static Tmpfs Mount(string folder, string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder), "A tmpfs cannot be mounted here: run as root with CAP_SYS_ADMIN.");
        return new Tmpfs(folder);
    }

    public void Remount(string options) => Assert.True(Run("mount", "-o", $"remount,{options}", _folder));

    /// <summary>Fills the remaining space.</summary>
    /// <returns>The file that fills it.</returns>
    public string FillUp()
    {
        string path = Path.Combine(_folder, "filler");
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
                file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            return path; // full
        }
    }

    // Lazily: a program that has just ended may still use it.
    public void Dispose() => Run("umount", "-l", _folder);

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
