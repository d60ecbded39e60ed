using TorrentPS.Engine.Display;

namespace TorrentPS.Engine.Values;

/// <summary>The address of a web seed, as users give it.</summary>
public static class WebAddress
{
    /// <summary>Reads an http or https address.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">It is invalid; the message has the expected form.</exception>
    public static Uri Parse(string? text) =>
        UriHost.TryParse(text?.Trim(), out Uri? uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new FormatException($"'{AddressText.Of(text ?? "")}' is not a web address. Give one that begins with http:// or https://.");
}
