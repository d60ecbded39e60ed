using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace TorrentPS.Engine.Values;

/// <summary>
/// The host of an address in the form in which it is resolved and sent: an IP address, or a name in ASCII (RFC 5890). <see cref="Uri"/> accepts names without such a
/// form, and throws only when that is read. So every address from outside is checked here, and no other code reads that form.
/// </summary>
public static class UriHost
{
    /// <summary>The maximum length of a name in the DNS (RFC 1035, 2.3.4), in characters.</summary>
    private const int MaxLength = 255;

    /// <summary>The reason for which an address without a usable host is not contacted, for messages.</summary>
    internal const string Unusable = "its host name cannot be written in ASCII, or is longer than 255 characters";

    /// <summary>Whether an address is absolute, and its host, if it has one, has an ASCII form of at most 255 characters.</summary>
    /// <param name="uri">The address.</param>
    public static bool IsUsable(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return uri.IsAbsoluteUri && TryGet(uri, out _);
    }

    /// <summary>Reads an absolute address whose host, if any, is usable.</summary>
    /// <param name="text">The text.</param>
    /// <param name="uri">The address.</param>
    /// <returns>Whether it is such an address.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Uri? uri) => Uri.TryCreate(text, UriKind.Absolute, out uri) && IsUsable(uri);

    /// <summary>The host of an address in ASCII, an IPv6 address without brackets; an unusable host unchanged.</summary>
    internal static string Of(Uri uri) => TryGet(uri, out string? host) ? host : uri.Host;

    private static bool TryGet(Uri uri, [NotNullWhen(true)] out string? host)
    {
        try
        {
            host = uri.IdnHost;
        }
        catch (UriFormatException)
        {
            host = null;
        }

        return host is { Length: <= MaxLength } && Ascii.IsValid(host);
    }
}
