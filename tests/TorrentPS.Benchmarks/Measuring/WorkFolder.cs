namespace TorrentPS.Benchmarks.Measuring;

/// <summary>A temporary folder for payloads and downloads, removed afterwards: in memory if the system has such a place, so that no disk is measured.</summary>
internal sealed class WorkFolder : IDisposable
{
    private const string MemoryDisk = "/dev/shm";

    private WorkFolder(string path) => Path = path;

    public string Path { get; }

    /// <summary>Creates a folder.</summary>
    /// <param name="name">A part of its name.</param>
    /// <param name="parent">The parent folder; null means in memory, or else the temporary folder.</param>
    public static WorkFolder Create(string name, string? parent = null)
    {
        parent ??= Directory.Exists(MemoryDisk) ? MemoryDisk : System.IO.Path.GetTempPath();
        string path = System.IO.Path.Combine(parent, $"torrentps-benchmarks-{name}-{Environment.ProcessId}-{Guid.NewGuid().ToString("n")[..8]}");
        Directory.CreateDirectory(path);
        return new WorkFolder(System.IO.Path.GetFullPath(path));
    }

    /// <summary>A new empty folder in it.</summary>
    public string Fresh(string name)
    {
        string path = System.IO.Path.Combine(Path, name);
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        return Directory.CreateDirectory(path).FullName;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // gone already
        }
    }
}
