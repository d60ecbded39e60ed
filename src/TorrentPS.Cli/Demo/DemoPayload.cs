using System.Security.Cryptography;

namespace TorrentPS.Cli.Demo;

/// <summary>Files to share, of several kinds: a large one, small ones that share a piece, an empty one, one with a non-Latin name.</summary>
internal sealed class DemoPayload
{
    private static readonly (string Path, int Length)[] s_files =
    [
        ("disk.img", 58 << 20),
        ("documents/empty.txt", 0),
        ("documents/one byte.bin", 1),
        ("documents/read me.txt", 12_345),
        ("pictures/δοκιμή – 写真.raw", 6 << 20),
    ];

    private readonly Dictionary<string, byte[]> _hashes = new(StringComparer.Ordinal);

    private DemoPayload(string folder) => Folder = folder;

    /// <summary>The shared folder.</summary>
    public string Folder { get; }

    public long Length { get; private set; }

    public static int FileCount => s_files.Length;

    public static async Task<DemoPayload> MakeAsync(string folder, CancellationToken cancellationToken)
    {
        var payload = new DemoPayload(folder);
        byte[] buffer = new byte[1 << 20];
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string path, int length) in s_files)
        {
            string fullPath = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(fullPath)!);
            await using FileStream file = File.Create(fullPath, bufferSize: 1);
            for (int left = length; left > 0;)
            {
                Memory<byte> part = buffer.AsMemory(0, Math.Min(left, buffer.Length));
                Random.Shared.NextBytes(part.Span);
                sha256.AppendData(part.Span);
                await file.WriteAsync(part, cancellationToken).ConfigureAwait(false);
                left -= part.Length;
            }
            payload._hashes[path] = sha256.GetHashAndReset();
            payload.Length += length;
        }
        return payload;
    }

    /// <summary>Hashes a copy, and returns the files that differ.</summary>
    public async Task<List<string>> CompareAsync(string folder, CancellationToken cancellationToken)
    {
        List<string> different = [];
        foreach ((string path, int length) in s_files)
        {
            var file = new FileInfo(Path.Combine(folder, path));
            if (!file.Exists || file.Length != length)
            {
                different.Add(path);
                continue;
            }
            await using FileStream stream = file.OpenRead();
            byte[] hash = await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false);
            if (!hash.AsSpan().SequenceEqual(_hashes[path]))
                different.Add(path);
        }
        return different;
    }
}
