using Microsoft.Win32.SafeHandles;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>Payloads: the same bytes for the same length on every machine, without exploitable repetition.</summary>
internal static class RandomFile
{
    private const int PartLength = 4 << 20;

    public static void Write(string path, long length)
    {
        byte[] part = new byte[PartLength];
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        for (long offset = 0; offset < length; offset += PartLength)
        {
            Span<byte> bytes = part.AsSpan(0, (int)Math.Min(PartLength, length - offset));
            new Random((int)(offset / PartLength)).NextBytes(bytes);
            RandomAccess.Write(file, bytes, offset);
        }
    }

    /// <summary>The difference of a file from another, byte by byte; null if there is none.</summary>
    public static string? Difference(string expected, string actual)
    {
        if (!File.Exists(actual))
            return $"{Path.GetFileName(actual)} is missing";
        using SafeFileHandle a = File.OpenHandle(expected), b = File.OpenHandle(actual);
        long length = RandomAccess.GetLength(a);
        if (RandomAccess.GetLength(b) != length)
            return $"{Path.GetFileName(actual)} has {RandomAccess.GetLength(b)} bytes, not {length}";
        byte[] left = new byte[PartLength], right = new byte[PartLength];
        for (long offset = 0; offset < length;)
        {
            int read = RandomAccess.Read(a, left, offset), other = RandomAccess.Read(b, right.AsSpan(0, read), offset);
            int common = left.AsSpan(0, read).CommonPrefixLength(right.AsSpan(0, other));
            if (common == 0 || common < other)
                return $"{Path.GetFileName(actual)} differs at byte {offset + common}";
            offset += common;
        }

        return null;
    }
}
