using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// Converts the names in a torrent to paths that are safe on every platform, or refuses them. The same names give the same path everywhere, so that data can be moved to
/// another machine and resumed there.
/// </summary>
/// <remarks>
/// Names that lead outside the destination are refused. Names that are only invalid on some systems (with a colon, a device name, a trailing dot) are repaired, because
/// honest torrents contain them.
/// </remarks>
internal static class PathSanitizer
{
    private const string Forbidden = "<>:\"|?*/\\";

    // Bytes that never need repair, except at the end.
    private static readonly SearchValues<byte> s_plain = SearchValues.Create(" !#$%&'()+,-.0123456789;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{}~"u8);

    /// <summary>Adds a component of bytes that need no repair to a path; false if the component may need repair.</summary>
    public static bool TryAppendPlain(PathBuffer path, ReadOnlySpan<byte> component)
    {
        if (component.IsEmpty || component.Length > MetainfoLimits.ComponentBytes || component[^1] is (byte)'.' or (byte)' '
            || component.ContainsAnyExcept(s_plain))
        {
            return false;
        }
        Span<char> room = path.Room(component.Length + 1);
        int start = 0;
        if (path.Length > 0)
            room[start++] = '/';
        Ascii.ToUtf16(component, room[start..], out _);
        if (IsDevice(room.Slice(start, component.Length)))
            return false;
        path.Advance(start + component.Length);
        return true;
    }

    /// <summary>Adds a component to a path.</summary>
    /// <param name="path">The path so far; a '/' is inserted.</param>
    /// <param name="component">The name in the torrent.</param>
    /// <param name="isLast">Whether it is the file name, which must not be dropped.</param>
    /// <returns>Null, or the reason for refusing the component: the rest of a sentence that begins with "it".</returns>
    public static string? Append(PathBuffer path, ReadOnlySpan<char> component, bool isLast)
    {
        if (Refusal(component) is { } refusal)
            return refusal;
        if (component is "" or ".")
        {
            if (!isLast)
                return null;
            component = "_";
        }
        if (path.Length > 0)
            path.Append('/');
        int start = path.Length;
        AppendRepaired(path, component);
        ReadOnlySpan<char> repaired = path.Written[start..];
        if (IsDevice(repaired))
        {
            string prefixed = $"_{repaired}";
            path.CutBack(start);
            path.Append(prefixed);
            repaired = path.Written[start..];
        }
        if (Encoding.UTF8.GetByteCount(repaired) > MetainfoLimits.ComponentBytes)
        {
            string shortened = Shorten(repaired, Mark(component), MetainfoLimits.ComponentBytes);
            path.CutBack(start);
            path.Append(shortened);
        }
        return null;
    }

    /// <summary>Builds a path from components.</summary>
    /// <exception cref="TorrentException">The path is unsafe.</exception>
    public static string Sanitize(params ReadOnlySpan<string> components)
    {
        var path = new PathBuffer();
        for (int i = 0; i < components.Length; i++)
        {
            if (Append(path, components[i], i == components.Length - 1) is { } refusal)
                throw new TorrentException(TorrentErrorId.UnsafePath, $"The name '{MetainfoFault.Show(components[i])}' is unsafe: it {refusal}");
        }
        return path.ToString();
    }

    /// <summary>Shortens a name to a number of UTF-8 bytes, keeping a short extension and inserting a mark before it.</summary>
    public static string Shorten(ReadOnlySpan<char> name, string mark, int maxBytes)
    {
        int dot = name.LastIndexOf('.');
        ReadOnlySpan<char> extension = dot > 0 && name.Length - dot <= 17 ? name[dot..] : default;
        int room = maxBytes - Encoding.UTF8.GetByteCount(extension) - Encoding.UTF8.GetByteCount(mark);
        var stem = new StringBuilder();
        foreach (Rune rune in name[..^extension.Length].EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0)
                break;
            stem.Append(rune);
        }
        return stem.Append(mark).Append(extension).ToString();
    }

    /// <summary>Whether a character is invisible or changes the text direction, and so can disguise a name.</summary>
    public static bool IsInvisible(char c) => c is '\u061C' or '\uFEFF'
        or (>= '\u200B' and <= '\u200F') or (>= '\u2028' and <= '\u202E') or (>= '\u2060' and <= '\u206F');

    private static string? Refusal(ReadOnlySpan<char> component)
    {
        if (component.Contains('\0'))
            return "has a NUL character";
        if (component is ['/' or '\\', ..])
            return "is an absolute path";
        // Honest titles begin with a letter, a colon and a blank; without the blank it is a drive.
        if (component.Length >= 2 && char.IsAsciiLetter(component[0]) && component[1] == ':' && (component.Length == 2 || component[2] != ' '))
            return "begins with a drive letter";
        if (component.Length >= 2 && component.Contains("..", StringComparison.Ordinal))
        {
            foreach (Range part in component.SplitAny('/', '\\'))
            {
                if (component[part].Trim(' ') is "..")
                    return "leads to the folder above";
            }
        }
        return null;
    }

    private static void AppendRepaired(PathBuffer path, ReadOnlySpan<char> component)
    {
        Span<char> room = path.Room(component.Length);
        for (int i = 0; i < component.Length; i++)
        {
            char c = component[i];
            bool isPair = char.IsHighSurrogate(c) && i + 1 < component.Length && char.IsLowSurrogate(component[i + 1]);
            if (isPair)
            {
                room[i++] = c;
                room[i] = component[i];
                continue;
            }
            bool isBad = char.IsControl(c) || char.IsSurrogate(c) || c >= '\uFFFD' || IsInvisible(c) || Forbidden.Contains(c);
            room[i] = isBad ? '_' : c;
        }
        // Windows removes dots and blanks at the end of a name.
        int length = room[..component.Length].TrimEnd(". ").Length;
        if (length == 0)
        {
            length = component.Length;
            room[..length].Fill('_');
        }
        path.Advance(length);
    }

    // Names that Windows treats as devices, with any extension.
    private static bool IsDevice(ReadOnlySpan<char> name)
    {
        if (name.Length < 3 || "CPANLcpanl".IndexOf(name[0]) < 0)
            return false;
        int dot = name.IndexOf('.');
        ReadOnlySpan<char> stem = (dot < 0 ? name : name[..dot]).TrimEnd(' ');
        if (stem.Length is < 3 or > 7)
            return false;
        Span<char> upper = stackalloc char[7];
        upper = upper[..stem.ToUpperInvariant(upper)];
        if (upper is "CON" or "PRN" or "AUX" or "NUL" or "CONIN$" or "CONOUT$" or "CLOCK$")
            return true;
        return upper.Length == 4 && (upper.StartsWith("COM") || upper.StartsWith("LPT")) && (char.IsAsciiDigit(upper[3]) || "¹²³".Contains(upper[3]));
    }

    private static string Mark(ReadOnlySpan<char> component)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(component.ToArray());
        return "~" + Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 4));
    }
}
