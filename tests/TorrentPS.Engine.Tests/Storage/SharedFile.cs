namespace TorrentPS.Engine.Tests.Storage;

/// <summary>
/// Files that a store or a swarm may have open for writing: on Windows, a reader must allow that, which <see cref="File.ReadAllBytes(string)"/> does not.
/// </summary>
internal static class SharedFile
{
    public static byte[] ReadAllBytes(string path)
    {
        using FileStream stream = Open(path);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}
