using System.Globalization;
using System.Text;

namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// A key that is equal for paths that some file system considers the same: without differences of case, Unicode normalization or invisible characters. When in doubt,
/// paths count as equal: the cost is a number after a name. The key is the same with ICU, as in the module, and without, as in the tool, where <see
/// cref="string.Normalize()"/> does nothing.
/// </summary>
internal static class PathKey
{
    // Hangul syllables are decomposed by arithmetic (The Unicode Standard, section 3.12).
    private const int FirstSyllable = 0xAC00;
    private const int LastSyllable = 0xD7A3;
    private const int FirstLeading = 0x1100;
    private const int FirstVowel = 0x1161;
    private const int FirstTrailing = 0x11A7;
    private const int Vowels = 21;
    private const int Trailings = 28;

    private static readonly Lazy<Dictionary<int, (int Start, int Length)>> s_decompositions = new(ReadDecompositions);

    /// <summary>The key; for an ASCII path it is the path itself, to be compared case-insensitively.</summary>
    public static string Of(string path)
    {
        if (Ascii.IsValid(path))
            return path;
        var runes = new List<Rune>(path.Length + 16);
        foreach (Rune rune in path.EnumerateRunes())
        {
            if (!IsIgnorable(rune.Value))
                AddDecomposed(runes, rune);
        }

        SortMarks(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(runes));
        var key = new StringBuilder(runes.Count + 16);
        foreach (Rune rune in runes)
        {
            if (Fold(rune.Value) is { } folded)
                key.Append(folded);
            else
                key.Append(Rune.ToUpperInvariant(rune));
        }

        return key.ToString();
    }

    private static void AddDecomposed(List<Rune> runes, Rune rune)
    {
        int value = rune.Value;
        if (value is >= FirstSyllable and <= LastSyllable)
        {
            int index = value - FirstSyllable;
            runes.Add(new Rune(FirstLeading + index / (Vowels * Trailings)));
            runes.Add(new Rune(FirstVowel + index / Trailings % Vowels));
            if (index % Trailings != 0)
                runes.Add(new Rune(FirstTrailing + index % Trailings));
        }
        else if (value >= 0x80 && s_decompositions.Value.TryGetValue(value, out (int Start, int Length) parts))
        {
            foreach (Rune part in CanonicalDecompositions.All.AsSpan(parts.Start, parts.Length).EnumerateRunes())
                runes.Add(part);
        }
        else
        {
            runes.Add(rune);
        }
    }

    // The order of marks of different classes has no meaning. Sorting all consecutive marks ignores the classes, and so the order within a class, too.
    private static void SortMarks(Span<Rune> runes)
    {
        for (int start = 0; start < runes.Length; start++)
        {
            int end = start;
            while (end < runes.Length && IsMark(runes[end]))
                end++;
            if (end > start + 1)
                runes[start..end].Sort();
            start = end;
        }
    }

    private static bool IsMark(Rune rune) => rune.Value >= 0x300
        && Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    // Characters whose case folding is longer than one character, and the few that folding by character leaves unchanged (Unicode's CaseFolding, status F).
    private static string? Fold(int value) => value switch
    {
        0xDF or 0x1E9E => "SS",
        0x149 => "\u02BCN",
        0x17F => "S",
        0x345 => "\u0399",
        0x587 => "\u0535\u0552",
        0xFB00 => "FF",
        0xFB01 => "FI",
        0xFB02 => "FL",
        0xFB03 => "FFI",
        0xFB04 => "FFL",
        0xFB05 or 0xFB06 => "ST",
        0xFB13 => "\u0544\u0546",
        0xFB14 => "\u0544\u0535",
        0xFB15 => "\u0544\u053B",
        0xFB16 => "\u054E\u0546",
        0xFB17 => "\u0544\u053D",
        _ => null,
    };

    // Unicode's Default_Ignorable_Code_Point, which HFS+ and the case folding of ext4 and f2fs ignore.
    private static bool IsIgnorable(int value) => value is 0xAD or 0x34F or 0x61C or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFEFF or 0xFFA0
        or (>= 0x180B and <= 0x180F) or (>= 0x200B and <= 0x200F) or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x206F)
        or (>= 0xFE00 and <= 0xFE0F) or (>= 0xFFF0 and <= 0xFFF8) or (>= 0x1BCA0 and <= 0x1BCA3) or (>= 0x1D173 and <= 0x1D17A) or (>= 0xE0000 and <= 0xE0FFF);

    private static Dictionary<int, (int Start, int Length)> ReadDecompositions()
    {
        const string All = CanonicalDecompositions.All;
        var decompositions = new Dictionary<int, (int Start, int Length)>(2100);
        foreach (Range range in All.AsSpan().Split(' '))
        {
            (int start, int length) = range.GetOffsetAndLength(All.Length);
            Rune composed = Rune.GetRuneAt(All, start);
            decompositions.Add(composed.Value, (start + composed.Utf16SequenceLength, length - composed.Utf16SequenceLength));
        }

        return decompositions;
    }
}
