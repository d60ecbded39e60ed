namespace TorrentPS.Interop.Tests.Harness;

/// <summary>The data of a torrent: the same bytes on every machine, computed from a seed and the file's position.</summary>
internal sealed class Payload
{
    private readonly int _seed;

    private Payload(string name, bool isFolder, IReadOnlyList<(string Path, int Length)> files, int seed) =>
        (Name, IsFolder, Files, _seed) = (name, isFolder, files, seed);

    public string Name { get; }

    public bool IsFolder { get; }

    /// <summary>The files, with '/' in their paths, which begin with the name of the folder, if any.</summary>
    public IReadOnlyList<(string Path, int Length)> Files { get; }

    public long Length => Files.Sum(file => (long)file.Length);

    public static Payload SingleFile(string name, int length, int seed = 1) => new(name, false, [(name, length)], seed);

    public static Payload Folder(string name, IEnumerable<(string Path, int Length)> files, int seed = 1) =>
        new(name, true, [.. files.Select(file => ($"{name}/{file.Path}", file.Length))], seed);

    /// <summary>300 files: every boundary of a block, empty files, deep folders, and difficult names.</summary>
    public static Payload ManyFiles()
    {
        string[] folders = ["", "sub/", "sub/deeper/still/", "日本語/", "emoji-😀/", "with space/", "Ünïcödé/"];
        string[] names = ["f{0:000}.bin", "файл-{0}.dat", "名前{0}.txt", "e\u0301-{0}", "a&b=c%20+{0}#.q", "[{0}] (x).tar.gz"];
        int[] lengths = [0, 1, 5, 100, 16383, 16384, 16385, 70_000, 150_001];
        return Folder("many files 多", Enumerable.Range(0, 300).Select(i =>
            (folders[i % folders.Length] + string.Format(null, names[i % names.Length], i), lengths[i % lengths.Length])));
    }

    public byte[] Bytes(int file)
    {
        byte[] bytes = new byte[Files[file].Length];
        new Random(_seed * 10_007 + file).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Writes the data into a folder.</summary>
    /// <returns>The folder.</returns>
    public string WriteTo(string folder)
    {
        for (int file = 0; file < Files.Count; file++)
        {
            string path = Path.Combine(folder, Files[file].Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, Bytes(file));
        }

        return folder;
    }

    /// <summary>Fails unless a folder has every file, or those selected by path, with every byte.</summary>
    public void AssertIn(string folder, Func<(string Path, int Length), bool>? which = null)
    {
        int compared = 0;
        for (int file = 0; file < Files.Count; file++)
        {
            if (which is not null && !which(Files[file]))
                continue;
            string path = Path.Combine(folder, Files[file].Path);
            Assert.True(File.Exists(path), $"'{Files[file].Path}' is missing in {folder}.");
            byte[] expected = Bytes(file), actual = File.ReadAllBytes(path);
            int common = actual.AsSpan().CommonPrefixLength(expected);
            Assert.True(common == expected.Length && actual.Length == expected.Length,
                $"'{Files[file].Path}' has {actual.Length} of {expected.Length} bytes and differs from byte {common} on.");
            compared++;
        }

        Assert.True(compared > 0, "No file was compared.");
    }
}
