using System.Net;
using System.Text;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Gateways;

/// <summary>A device's answer to a search (UPnP Device Architecture 1.1, 1.3.3): the address of its description.</summary>
internal static class SsdpReply
{
    private const int MaxLocation = 1024;

    /// <summary>The search for gateways of one type.</summary>
    public static byte[] Search(IPEndPoint to, string target) => Encoding.ASCII.GetBytes(
        $"M-SEARCH * HTTP/1.1\r\nHOST: {to}\r\nMAN: \"ssdp:discover\"\r\nMX: 2\r\nST: {target}\r\n\r\n");

    /// <summary>
    /// Parses an answer. Null if it is invalid, or the description is not on the answering device, because no device may make us contact another.
    /// </summary>
    public static Uri? Read(ReadOnlySpan<byte> datagram, IPAddress from)
    {
        string[] lines = Encoding.Latin1.GetString(datagram).Split('\n');
        if (!lines[0].StartsWith("HTTP/1.", StringComparison.Ordinal) || !lines[0].Contains(" 200", StringComparison.Ordinal))
            return null;
        string? location = ValueOf(lines, "LOCATION");
        string? target = ValueOf(lines, "ST");
        if (location is null or { Length: > MaxLocation } || target is null || !Array.Exists(UpnpDescription.SearchTargets, one => target.Equals(one, StringComparison.OrdinalIgnoreCase)))
            return null;
        return Uri.TryCreate(location, UriKind.Absolute, out Uri? uri) && uri.Scheme == "http"
            && IPAddress.TryParse(UriHost.Of(uri), out IPAddress? host) && host.Equals(from) ? uri : null;
    }

    private static string? ValueOf(string[] lines, string name)
    {
        foreach (string line in lines)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon == name.Length && line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
                return line[(colon + 1)..].Trim();
        }

        return null;
    }
}
