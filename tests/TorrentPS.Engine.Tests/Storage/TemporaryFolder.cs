namespace TorrentPS.Engine.Tests.Storage;

/// <summary>A new folder that is removed with all its content.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("torrentps-test-").FullName;

    /// <summary>The full path of an item, given with '/' between the parts.</summary>
    public string this[string relative] => System.IO.Path.Join(Path, relative.Replace('/', System.IO.Path.DirectorySeparatorChar));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
