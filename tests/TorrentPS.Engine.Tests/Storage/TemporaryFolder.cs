namespace TorrentPS.Engine.Tests.Storage;

/// <summary>A new folder that is removed with all its content.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("torrentps-test-").FullName;

    public string this[string relative] => System.IO.Path.Join(Path, relative);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
