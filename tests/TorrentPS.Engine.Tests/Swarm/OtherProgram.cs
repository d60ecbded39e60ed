using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>What other programs do with files.</summary>
internal static class OtherProgram
{
    /// <summary>Changes a byte in place.</summary>
    /// <param name="path">The file.</param>
    /// <param name="place">Where.</param>
    /// <param name="keepsTime">Whether the time of the last write stays; else it becomes another, whatever the clock says.</param>
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

    /// <summary>Cuts a file, and leaves the time of its last write.</summary>
    public static void Cut(string path, int length)
    {
        DateTime written = File.GetLastWriteTimeUtc(path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 1))
            file.SetLength(length);
        File.SetLastWriteTimeUtc(path, written);
    }

    /// <summary>Puts a folder into the place of a file, which then cannot be read.</summary>
    public static void PutFolder(string path)
    {
        File.Delete(path);
        Directory.CreateDirectory(path);
    }

    /// <summary>Puts another file of the same length and time into the place of one, as rsync does.</summary>
    public static void Replace(string path)
    {
        byte[] other = [.. SharedFile.ReadAllBytes(path).Select(value => (byte)(value ^ 1))];
        File.WriteAllBytes(path + ".new", other);
        File.SetLastWriteTimeUtc(path + ".new", File.GetLastWriteTimeUtc(path));
        File.Move(path + ".new", path, overwrite: true);
    }
}
