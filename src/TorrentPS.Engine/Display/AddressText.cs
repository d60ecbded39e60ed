namespace TorrentPS.Engine.Display;

/// <summary>
/// The part of an address that is shown to people: scheme, host, port, and those parts of the path that consist of words and short numbers. User names, passwords,
/// queries and possible keys in the path are omitted, because trackers and web seeds identify users by them. All errors, logs and views use it; objects have the full
/// addresses.
/// </summary>
public static class AddressText
{
    private const string Hidden = "…";
    private const int LongestPart = 80;
    private const int LongestWord = 15;
    private const int LongestNumber = 7;
    private const int MostCapitals = 2;

    private static readonly string[] s_linkAddresses = ["tr", "ws", "as", "xs"];

    /// <summary>The text that is shown for an address.</summary>
    /// <param name="uri">The address, absolute or relative; for a magnet link the result of <see cref="OfMagnet"/>.</param>
    public static string Of(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (!uri.IsAbsoluteUri || uri.Host.Length == 0)
            return Of(uri.OriginalString);
        string[] parts = uri.AbsolutePath.Split('/');
        for (int i = 0; i < parts.Length; i++)
        {
            if (!IsPlain(Uri.UnescapeDataString(parts[i])))
                parts[i] = Hidden;
        }

        return $"{uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}{string.Join('/', parts)}{(uri.Query.Length > 1 ? "?" + Hidden : "")}";
    }

    /// <summary>The text that is shown for input that may be an address or a file path.</summary>
    /// <param name="text">The text.</param>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.StartsWith("magnet:", StringComparison.OrdinalIgnoreCase))
            return OfMagnet(text);
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
            return text;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0)
            return Of(uri);
        // Not a valid address: nothing is known of its parts except where they would begin.
        int host = scheme + 3, end = text.AsSpan(host).IndexOfAny("/?#\\");
        string authority = end < 0 ? text[host..] : text.Substring(host, end);
        return $"{text[..host]}{authority[(authority.LastIndexOf('@') + 1)..]}{(end < 0 ? "" : "/" + Hidden)}";
    }

    /// <summary>A magnet link without those addresses that would not be shown completely.</summary>
    /// <param name="link">The link.</param>
    public static string OfMagnet(string link)
    {
        ArgumentNullException.ThrowIfNull(link);
        int query = link.IndexOf('?', StringComparison.Ordinal) + 1;
        return link[..query] + string.Join('&', link[query..].Split('&').Where(part => !IsSecret(part)));
    }

    private static bool IsSecret(string parameter)
    {
        int equals = parameter.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || !s_linkAddresses.Contains(parameter[..equals].Split('.')[0], StringComparer.OrdinalIgnoreCase))
            return false;
        return Uri.TryCreate(Uri.UnescapeDataString(parameter[(equals + 1)..]), UriKind.Absolute, out Uri? uri) && (uri.UserInfo.Length > 0 || Of(uri).Contains(Hidden, StringComparison.Ordinal));
    }

    /// <summary>
    /// Whether a part of a path consists of words and short numbers, with at most one letter after a number and few capitals inside words: unlike a key.
    /// </summary>
    private static bool IsPlain(string part)
    {
        if (part.Length > LongestPart)
            return false;
        int letters = 0, digits = 0, after = 0, capitals = 0;
        bool hasDigit = false;
        char before = '\0', last = '\0';
        foreach (char c in part)
        {
            bool isDigit = char.IsDigit(c);
            if (isDigit && after > 0)
                return false;
            if (isDigit)
                digits++;
            else if (!char.IsLetter(c))
                letters = digits = after = 0;
            else if (digits > 0)
                after++;
            else
                letters++;
            if (letters > LongestWord || digits > LongestNumber || after > 1)
                return false;
            hasDigit |= isDigit;
            // "aB" inside a word, or "ABc": rare in names, frequent in keys.
            if ((char.IsLower(last) && char.IsUpper(c)) || (char.IsLower(c) && char.IsUpper(last) && char.IsUpper(before)))
                capitals++;
            (before, last) = (last, c);
        }

        return capitals <= (hasDigit ? 1 : MostCapitals);
    }
}
