using System.Security.Cryptography;
using System.Text;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>Torrents made by hand, with any names.</summary>
internal static class HostileTorrents
{
    private const string Hash = "aaaaaaaaaaaaaaaaaaaa";

    /// <summary>The info dictionary of one file.</summary>
    public static byte[] SingleFile(string name) =>
        Bytes($"d6:lengthi9e4:name{Text(name)}12:piece lengthi16384e6:pieces20:{Hash}e");

    /// <summary>The info dictionary of a folder with one file in it.</summary>
    public static byte[] Folder(string name, params string[] path) =>
        Bytes($"d5:filesld6:lengthi9e4:pathl{string.Concat(path.Select(Text))}eee4:name{Text(name)}12:piece lengthi16384e6:pieces20:{Hash}e");

    /// <summary>The info dictionary of a folder with files of nine bytes, each given by its path with '/' between the parts.</summary>
    public static byte[] Files(string name, params string[] paths) =>
        Bytes($"d5:filesl{string.Concat(paths.Select(path => $"d6:lengthi9e4:pathl{string.Concat(path.Split('/').Select(Text))}ee"))}e4:name{Text(name)}"
            + $"12:piece lengthi16384e6:pieces{20 * Pieces(paths)}:{string.Concat(Enumerable.Repeat(Hash, Pieces(paths)))}e");

    /// <summary>The info dictionary of a v2 torrent with one file.</summary>
    public static byte[] Tree(string name, params string[] path) =>
        Bytes($"d9:file tree{string.Concat(path.Select(part => $"d{Text(part)}"))}d0:d6:lengthi9e11:pieces root32:{Hash}aaaaaaaaaaaaee{new string('e', path.Length)}"
            + $"12:meta versioni2e4:name{Text(name)}12:piece lengthi16384ee");

    /// <summary>A .torrent around an info dictionary.</summary>
    public static byte[] File(byte[] info) => [.. "d4:info"u8, .. info, (byte)'e'];

    /// <summary>The magnet link of an info dictionary.</summary>
    public static string Link(byte[] info)
    {
#pragma warning disable CA5350 // BEP 3 names SHA-1.
        return $"magnet:?xt=urn:btih:{Convert.ToHexStringLower(SHA1.HashData(info))}";
#pragma warning restore CA5350
    }

    private static int Pieces(string[] paths) => (9 * paths.Length + 16383) / 16384;

    private static string Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return $"{bytes.Length}:{Encoding.Latin1.GetString(bytes)}";
    }

    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);
}
