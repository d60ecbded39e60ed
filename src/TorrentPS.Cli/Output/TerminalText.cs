using System.Buffers;
using System.Globalization;
using System.Text;

namespace TorrentPS.Cli.Output;

/// <summary>
/// Makes text from outside (names in torrents, trackers' failure reasons, peers' client names) safe to show: it can neither steer the
/// terminal nor turn the direction of what follows it.
/// </summary>
internal static class TerminalText
{
    // C0, DEL, C1; bidirectional marks, embeddings, overrides and isolates; line and paragraph separators; the byte order mark.
    private static readonly SearchValues<char> s_unsafe = SearchValues.Create(Unsafe());

    /// <summary>The text with every unsafe character as <c>\u001b</c>.</summary>
    public static string Escape(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        if (!text.AsSpan().ContainsAny(s_unsafe) && !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return text;

        var escaped = new StringBuilder(text.Length + 16);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                escaped.Append(c).Append(text[++i]);
            else if (char.IsSurrogate(c) || s_unsafe.Contains(c))
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }

    /// <summary>The text, escaped and cut to a width in characters.</summary>
    public static string Shorten(string? text, int width)
    {
        string escaped = Escape(text);
        return escaped.Length <= width ? escaped : string.Concat(escaped.AsSpan(0, width - 1), "…");
    }

    private static char[] Unsafe()
    {
        const string Others = "\u061C\u200E\u200F\u2028\u2029\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\uFEFF";
        char[] all = new char[0x20 + 0x21 + Others.Length];
        int count = 0;
        for (char c = '\0'; c < 0x20; c++)
            all[count++] = c;
        for (char c = '\u007F'; c <= '\u009F'; c++)
            all[count++] = c;
        Others.CopyTo(all.AsSpan(count));
        return all;
    }
}
