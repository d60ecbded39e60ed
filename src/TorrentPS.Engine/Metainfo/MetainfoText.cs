using System.Text;
using System.Text.Unicode;

namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// Decodes the text of a torrent: UTF-8, or the code page of its <c>encoding</c> key, as in torrents from before UTF-8 was common; otherwise undecodable bytes become
/// U+FFFD.
/// </summary>
internal sealed class MetainfoText(string? encoding)
{
    private readonly Encoding _fallback = Find(encoding);
    private char[] _characters = [];

    public string Read(ReadOnlySpan<byte> bytes) => (Utf8.IsValid(bytes) ? Encoding.UTF8 : _fallback).GetString(bytes);

    /// <summary>Adds a component to a path.</summary>
    /// <returns>Null, or the reason for refusing the component.</returns>
    public string? AppendTo(PathBuffer path, ReadOnlySpan<byte> component, bool isLast)
    {
        if (PathSanitizer.TryAppendPlain(path, component))
            return null;
        Encoding encoding = Utf8.IsValid(component) ? Encoding.UTF8 : _fallback;
        int most = encoding.GetMaxCharCount(component.Length);
        if (_characters.Length < most)
            _characters = new char[most];
        return PathSanitizer.Append(path, _characters.AsSpan(0, encoding.GetChars(component, _characters)), isLast);
    }

    private static Encoding Find(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
            return Encoding.UTF8;
        name = name.Trim();
        if (name.Equals("iso-8859-1", StringComparison.OrdinalIgnoreCase) || name.Equals("latin1", StringComparison.OrdinalIgnoreCase))
            return Encoding.Latin1;
        try
        {
            // Called directly, so that no provider is registered for the whole process; it supports neither UTF-7 nor UTF-16.
            return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.UTF8;
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8;
        }
    }
}
