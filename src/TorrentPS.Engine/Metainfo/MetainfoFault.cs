using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Creates the messages about malformed torrents: the key, the error, and the byte offset.</summary>
internal static class MetainfoFault
{
    private const int ShownCharacters = 80;

    /// <summary>Returns <c>'info.piece length' is missing (byte 41)</c>.</summary>
    public static TorrentException Invalid(string key, string fault, long offset) =>
        new(TorrentErrorId.InvalidTorrent, $"'{key}' {fault} (byte {offset})");

    /// <summary>The offset for a missing key is that of the dictionary that should contain it.</summary>
    public static TorrentException Missing(string key, long dictionary) => Invalid(key, "is missing", dictionary);

    public static TorrentException Unsafe(string key, ReadOnlySpan<char> name, string fault, long offset) =>
        new(TorrentErrorId.UnsafePath, $"'{key}' has the unsafe name '{Show(name)}': it {fault} (byte {offset})");

    /// <summary>A name for a message: short and safe.</summary>
    public static string Show(ReadOnlySpan<char> name) => SafeText.Shorten(name[..Math.Min(name.Length, ShownCharacters + 1)].ToString(), ShownCharacters);
}
