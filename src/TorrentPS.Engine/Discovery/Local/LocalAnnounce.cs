using System.Globalization;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery.Local;

/// <summary>A local discovery message (BEP 14, "Protocol").</summary>
/// <param name="Port">The listening port of the sender. 0 means that it only searches: other clients ignore such a message, this one answers it.</param>
/// <param name="InfoHashes">Its torrents, 20 bytes each.</param>
/// <param name="Cookie">Identifies the sender's own messages.</param>
internal sealed record LocalAnnounce(int Port, IReadOnlyList<InfoHash> InfoHashes, string? Cookie)
{
    /// <summary>The maximum length of a message; a longer one may not fit into one packet.</summary>
    public const int MaxLength = 1400;

    /// <summary>The maximum number of torrents in a message.</summary>
    public const int MaxTorrents = 20;

    private const string RequestLine = "BT-SEARCH * HTTP/1.1";
    private const int MaxCookieLength = 64;

    /// <summary>Parses a message; false if it is invalid.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out LocalAnnounce announce)
    {
        announce = null!;
        if (message.Length > MaxLength || System.Text.Ascii.IsValid(message) is false)
            return false;
        string[] lines = Encoding.ASCII.GetString(message).Split('\n');
        if (!lines[0].TrimEnd().Equals(RequestLine, StringComparison.OrdinalIgnoreCase))
            return false;
        int port = -1;
        string? cookie = null;
        List<InfoHash> hashes = [];
        foreach (string line in lines.AsSpan(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                continue;
            ReadOnlySpan<char> name = line.AsSpan(0, colon).Trim();
            string value = line[(colon + 1)..].Trim();
            if (name.Equals("Port", StringComparison.OrdinalIgnoreCase))
                port = ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) ? number : -1;
            else if (name.Equals("cookie", StringComparison.OrdinalIgnoreCase) && value.Length <= MaxCookieLength)
                cookie = value;
            else if (name.Equals("Infohash", StringComparison.OrdinalIgnoreCase) && value.Length == 2 * InfoHash.V1Length && InfoHash.TryParse(value, out InfoHash hash))
                hashes.Add(hash);
        }

        announce = new LocalAnnounce(port, hashes, cookie);
        return port >= 0 && hashes.Count is > 0 and <= MaxTorrents;
    }

    /// <summary>Formats the message for the group of an address family.</summary>
    public byte[] ToBytes(AddressFamily family)
    {
        var text = new StringBuilder(RequestLine).Append("\r\nHost: ");
        text.Append(family == AddressFamily.InterNetworkV6 ? $"[{LocalGroups.V6}]" : LocalGroups.V4.ToString());
        text.Append(CultureInfo.InvariantCulture, $":{LocalGroups.Port}\r\nPort: {Port}\r\n");
        foreach (InfoHash hash in InfoHashes)
            text.Append(CultureInfo.InvariantCulture, $"Infohash: {Convert.ToHexStringLower(hash.Wire)}\r\n");
        if (Cookie is not null)
            text.Append(CultureInfo.InvariantCulture, $"cookie: {Cookie}\r\n");
        return Encoding.ASCII.GetBytes(text.Append("\r\n\r\n").ToString());
    }
}
