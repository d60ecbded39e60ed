using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace TorrentPS.Engine.Display;

/// <summary>
/// Makes text from outside (names in torrents, failure reasons of trackers, client names, host names, paths) safe to show: it cannot control a terminal, start a new
/// line, change the direction of the following text, or contain invisible characters that make it look like another text. This is for people; programs get the real text.
/// </summary>
/// <remarks>Escaping an escaped text again does not change it.</remarks>
public static class SafeText
{
    /// <summary>Replaces each unsafe character with an escape such as <c>\u001b</c>, by UTF-16 code unit.</summary>
    /// <param name="text">The text; null counts as empty.</param>
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

    /// <summary>Escapes the text and cuts it to a length, with an ellipsis if anything was cut.</summary>
    /// <param name="text">The text; null counts as empty.</param>
    /// <param name="length">The maximum number of characters of the result: at least 1.</param>
    public static string Shorten(string? text, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        // Escaping never makes a text shorter.
        string escaped = Escape(text is not null && text.Length > length ? text[..(length + 1)] : text);
        if (escaped.Length <= length)
            return escaped;
        int cut = length - 1;
        if (cut > 0 && char.IsHighSurrogate(escaped[cut - 1]))
            cut--;
        return string.Concat(escaped.AsSpan(0, cut), "…");
    }

    /// <summary>Whether the text is safe to show as it is.</summary>
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

    // Controls (C0, DEL, C1), line and paragraph separators, and Unicode format characters: directional marks, overrides and isolates, zero-width blanks, tags.
    private static bool IsSafe(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        UnicodeCategory.Format => IsOrdinaryFormat(rune.Value),
        _ => !IsBlankLetter(rune.Value),
    };

    // Joiners, which Persian, Indian scripts and emoji need, and visible signs.
    private static bool IsOrdinaryFormat(int c) => c is 0x200C or 0x200D
        or (>= 0x0600 and <= 0x0605) or 0x06DD or 0x070F or 0x0890 or 0x0891 or 0x08E2 or 0x110BD or 0x110CD;

    // Invisible letters and marks: U+034F, the Hangul fillers, and inherent vowels of Khmer.
    private static bool IsBlankLetter(int c) => c is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFFA0;
}
