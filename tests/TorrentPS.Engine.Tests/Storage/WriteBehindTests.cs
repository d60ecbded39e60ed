using Microsoft.Win32.SafeHandles;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Writing to disk and to a file system in memory, which go different ways, gives the same bytes.</summary>
public sealed class WriteBehindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Folders => Directory.Exists("/dev/shm") ? [Path.GetTempPath(), "/dev/shm"] : [Path.GetTempPath()];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Buffers_of_any_length_are_written_in_a_row_from_any_place(string parent)
    {
        string path = Path.Join(parent, Path.GetRandomFileName());
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
            WriteBehind writer = new(parent, 1);
            byte[] expected = new byte[400_000];
            new Random(1).NextBytes(expected);
            int at = 0;
            foreach (int[] lengths in (int[][])[[1], [16383], [16384, 16385, 0, 5], [100_000], [], [0], [1, 1, 1], [200_000, 30_000]])
            {
                int begin = at;
                List<ReadOnlyMemory<byte>> buffers = [.. lengths.Select(length => (ReadOnlyMemory<byte>)expected.AsMemory((at += length) - length, length))];
                writer.Write(0, handle, buffers, begin);
            }

            writer.Start(0, handle);
            byte[] written = new byte[at];
            Assert.Equal(at, RandomAccess.GetLength(handle));
            Assert.Equal(at, RandomAccess.Read(handle, written, 0));
            Assert.Equal(expected[..at], written);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void What_is_more_than_what_may_wait_is_written_too()
    {
        using SafeFileHandle handle = File.OpenHandle(_folder["f"], FileMode.CreateNew, FileAccess.ReadWrite);
        WriteBehind writer = new(_folder.Path, 2);
        byte[] data = new byte[5 << 20];
        new Random(2).NextBytes(data);
        for (int i = 0; i < 4; i++)
            writer.Write(1, handle, [data], (long)i * data.Length);
        Assert.Equal(4L * data.Length, RandomAccess.GetLength(handle));
        byte[] read = new byte[data.Length];
        RandomAccess.Read(handle, read, 3L * data.Length);
        Assert.Equal(data, read);
    }
}
