namespace TorrentPS.Engine.Display;

/// <summary>
/// What of an address is shown to people: scheme, host and port, and of the path what is made of words and short numbers. User names, passwords, queries and what may
/// be a key in the path are not, since trackers and web seeds know their users by these. All texts of errors, logs and views name addresses by it; objects have them whole.
/// </summary>
public static class AddressText
{
    private const string Hidden = "…";
    private const int LongestPart = 80;
    private const int LongestWord = 15;
    private const int LongestNumber = 7;
    private const int MostCapitals = 2;

    private static readonly string[] s_linkAddresses = ["tr", "ws", "as", "xs"];

    /// <summary>An address as it is shown.</summary>
    /// <param name="uri">The address, absolute or not; of a magnet link what <see cref="OfMagnet"/> shows.</param>
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

    /// <summary>What was typed as an address, or as the path of a file, as it is shown.</summary>
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
        // Not understood, so nothing is known of its parts but where they would begin.
        int host = scheme + 3, end = text.AsSpan(host).IndexOfAny("/?#\\");
        string authority = end < 0 ? text[host..] : text.Substring(host, end);
        return $"{text[..host]}{authority[(authority.LastIndexOf('@') + 1)..]}{(end < 0 ? "" : "/" + Hidden)}";
    }

    /// <summary>A magnet link without those of its addresses of which not all is shown.</summary>
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
    /// Whether a part of a path is made of words and short numbers, with at most one letter after a number, and of few capital letters within words: not of what keys are
    /// made of.
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
            // "aB" in a word, or "ABc": in names there are few of these, in keys many.
            if ((char.IsLower(last) && char.IsUpper(c)) || (char.IsLower(c) && char.IsUpper(last) && char.IsUpper(before)))
                capitals++;
            (before, last) = (last, c);
        }

        return capitals <= (hasDigit ? 1 : MostCapitals);
    }
}
