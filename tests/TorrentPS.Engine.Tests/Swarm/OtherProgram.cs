using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Changes to files by other programs.</summary>
internal static class OtherProgram
{
    /// <summary>Changes a byte in place.</summary>
    /// <param name="path">The file.</param>
    /// <param name="place">The offset.</param>
    /// <param name="keepsTime">Whether the time of the last write stays; otherwise it changes, whatever the clock shows.</param>
    public static void Overwrite(string path, int place, bool keepsTime)
    {
        DateTime written = File.GetLastWriteTimeUtc(path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 1))
        {
            file.Position = place;
            int value = file.ReadByte();
            file.Position = place;
            file.WriteByte((byte)(value ^ 1));
        }

        File.SetLastWriteTimeUtc(path, keepsTime ? written : written.AddSeconds(-3));
    }

    /// <summary>Truncates a file, keeping the time of its last write.</summary>
    public static void Cut(string path, int length)
    {
        DateTime written = File.GetLastWriteTimeUtc(path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 1))
            file.SetLength(length);
        File.SetLastWriteTimeUtc(path, written);
    }

    /// <summary>Replaces a file by a folder, so that it cannot be read.</summary>
    public static void PutFolder(string path)
    {
        File.Delete(path);
        Directory.CreateDirectory(path);
    }

    /// <summary>Replaces a file by another of the same length and time, as rsync does.</summary>
    public static void Replace(string path)
    {
        byte[] other = [.. SharedFile.ReadAllBytes(path).Select(value => (byte)(value ^ 1))];
        File.WriteAllBytes(path + ".new", other);
        File.SetLastWriteTimeUtc(path + ".new", File.GetLastWriteTimeUtc(path));
        File.Move(path + ".new", path, overwrite: true);
    }
}
