using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace TorrentPS.Engine.Display;

/// <summary>
/// Makes text from outside (names in torrents, failure reasons of trackers, names of peers' clients, host names, paths) fit to be shown: it can neither steer a terminal, nor begin a
/// line of its own, nor turn the direction of what follows, nor look like another text by what is not seen. The real text is for programs; this is for people.
/// </summary>
/// <remarks>A text that has been escaped stays as it is when it is escaped again.</remarks>
public static class SafeText
{
    /// <summary>Gives the text with each character that must not be shown as <c>\u001b</c>, by the halves of UTF-16.</summary>
    /// <param name="text">The text; null is the empty text.</param>
    public static string Escape(string? text)
    {
        if (IsSafe(text))
            return text ?? "";
        var escaped = new StringBuilder(text.Length + 16);
        for (int i = 0; i < text.Length;)
        {
            int length = LengthAt(text, i, out bool isSafe);
            ReadOnlySpan<char> character = text.AsSpan(i, length);
            if (isSafe)
                escaped.Append(character);
            else
                AppendEscaped(escaped, character);
            i += length;
        }
        return escaped.ToString();
    }

    /// <summary>Gives the text escaped and cut to a length, with an ellipsis where something was cut.</summary>
    /// <param name="text">The text; null is the empty text.</param>
    /// <param name="length">The most characters that come out: at least 1.</param>
    public static string Shorten(string? text, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        // Escaping makes nothing shorter.
        string escaped = Escape(text is not null && text.Length > length ? text[..(length + 1)] : text);
        if (escaped.Length <= length)
            return escaped;
        int cut = length - 1;
        if (cut > 0 && char.IsHighSurrogate(escaped[cut - 1]))
            cut--;
        return string.Concat(escaped.AsSpan(0, cut), "…");
    }

    /// <summary>Whether the text can be shown as it is.</summary>
    /// <param name="text">The text; null is safe.</param>
    public static bool IsSafe([NotNullWhen(false)] string? text)
    {
        if (text is null || !text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return true;
        for (int i = 0; i < text.Length;)
        {
            i += LengthAt(text, i, out bool isSafe);
            if (!isSafe)
                return false;
        }
        return true;
    }

    private static int LengthAt(string text, int index, out bool isSafe)
    {
        if (Rune.TryGetRuneAt(text, index, out Rune rune))
        {
            isSafe = IsSafe(rune);
            return rune.Utf16SequenceLength;
        }
        isSafe = false;
        return 1;
    }

    private static void AppendEscaped(StringBuilder target, ReadOnlySpan<char> character)
    {
        foreach (char half in character)
            target.Append(CultureInfo.InvariantCulture, $"\\u{(int)half:x4}");
    }

    // Controls (C0, DEL, C1), separators of lines and paragraphs, and what Unicode calls formats: marks, overrides and isolates of direction, blanks without width, tags.
    private static bool IsSafe(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        UnicodeCategory.Format => IsOrdinaryFormat(rune.Value),
        _ => !IsBlankLetter(rune.Value),
    };

    // Joiners, which Persian, the languages of India and emoji are written with, and signs that are seen.
    private static bool IsOrdinaryFormat(int c) => c is 0x200C or 0x200D
        or (>= 0x0600 and <= 0x0605) or 0x06DD or 0x070F or 0x0890 or 0x0891 or 0x08E2 or 0x110BD or 0x110CD;

    // Letters and marks of which nothing is seen: U+034F, the fillers of Hangul, and inherent vowels of Khmer.
    private static bool IsBlankLetter(int c) => c is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFFA0;
}
