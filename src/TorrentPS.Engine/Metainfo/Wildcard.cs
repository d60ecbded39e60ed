namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// A pattern in PowerShell's syntax: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>`</c> before a literal character; case-insensitive. Both slashes are separators, and <c>*</c>
/// matches them, too. A pattern that equals a name literally matches it, even if the name contains brackets.
/// </summary>
internal sealed class Wildcard
{
    private readonly string _pattern;
    private readonly List<Element> _elements = [];

    public Wildcard(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        _pattern = pattern.Replace('\\', '/');
        for (int i = 0; i < _pattern.Length; i++)
        {
            char c = _pattern[i];
            if (c == '`' && i + 1 < _pattern.Length)
                _elements.Add(new Element(Kind.Character, Fold(_pattern[++i]), null));
            else if (c == '*')
                _elements.Add(new Element(Kind.Many, c, null));
            else if (c == '?')
                _elements.Add(new Element(Kind.One, c, null));
            else if (c == '[' && ReadSet(ref i) is { } set)
                _elements.Add(new Element(Kind.Set, c, set));
            else
                _elements.Add(new Element(Kind.Character, Fold(c), null));
        }
    }

    private enum Kind
    {
        Character,
        One,
        Many,
        Set,
    }

    /// <summary>Whether the whole text matches.</summary>
    public bool IsMatch(ReadOnlySpan<char> text)
    {
        if (text.Equals(_pattern, StringComparison.OrdinalIgnoreCase))
            return true;
        // Only the last star ever needs to match more: no recursion, and no exponential time.
        int at = 0;
        int element = 0;
        int star = -1;
        int starAt = 0;
        while (at < text.Length)
        {
            if (element < _elements.Count && _elements[element].Kind == Kind.Many)
            {
                star = element++;
                starAt = at;
            }
            else if (element < _elements.Count && _elements[element].Matches(text[at]))
            {
                element++;
                at++;
            }
            else if (star >= 0)
            {
                element = star + 1;
                at = ++starAt;
            }
            else
            {
                return false;
            }
        }
        while (element < _elements.Count && _elements[element].Kind == Kind.Many)
            element++;
        return element == _elements.Count;
    }

    private static char Fold(char c) => char.ToUpperInvariant(c);

    // The characters and ranges between brackets; null if the bracket is not closed, and so is literal.
    private List<(char First, char Last)>? ReadSet(ref int at)
    {
        var set = new List<(char First, char Last)>();
        for (int i = at + 1; i < _pattern.Length; i++)
        {
            char c = _pattern[i];
            if (c == ']' && i > at + 1)
            {
                at = i;
                return set;
            }
            if (c == '`' && i + 1 < _pattern.Length)
                c = _pattern[++i];
            char last = c;
            if (i + 2 < _pattern.Length && _pattern[i + 1] == '-' && _pattern[i + 2] != ']')
            {
                last = _pattern[i + 2];
                i += 2;
            }
            set.Add((Fold(c), Fold(last)));
        }
        return null;
    }

    private readonly record struct Element(Kind Kind, char Character, List<(char First, char Last)>? Set)
    {
        public bool Matches(char c)
        {
            if (Kind == Kind.One)
                return true;
            c = Fold(c);
            if (Kind == Kind.Character)
                return c == Character;
            foreach ((char first, char last) in Set!)
            {
                if (c >= first && c <= last)
                    return true;
            }
            return false;
        }
    }
}
