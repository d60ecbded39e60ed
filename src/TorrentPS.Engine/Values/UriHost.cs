using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace TorrentPS.Engine.Values;

/// <summary>
/// The host of an address as it is looked up and sent: an IP address, or a name in ASCII (RFC 5890). <see cref="Uri"/> takes names that have no such form, and throws
/// only when it is asked for it. So every address that comes in is held against this, and nothing else asks for the form.
/// </summary>
public static class UriHost
{
    /// <summary>Characters of a name in the DNS (RFC 1035, 2.3.4).</summary>
    private const int MaxLength = 255;

    /// <summary>Why an address without a usable host is not asked, for messages.</summary>
    internal const string Unusable = "its host name cannot be written in ASCII, or is longer than 255 characters";

    /// <summary>Whether an address is absolute, and its host, if it has one, can be written in ASCII, in 255 characters at most.</summary>
    /// <param name="uri">The address.</param>
    public static bool IsUsable(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return uri.IsAbsoluteUri && TryGet(uri, out _);
    }

    /// <summary>Reads an address that is absolute and has a usable host, or none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="uri">The address.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Uri? uri) => Uri.TryCreate(text, UriKind.Absolute, out uri) && IsUsable(uri);

    /// <summary>The host of an address in ASCII, an IPv6 address without brackets; of one without a usable host what it says.</summary>
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
