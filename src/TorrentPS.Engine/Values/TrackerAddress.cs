namespace TorrentPS.Engine.Values;

/// <summary>The announce addresses of trackers, as torrents, the module and the command line accept them.</summary>
public static class TrackerAddress
{
    /// <summary>Whether a tracker with this address can be announced to: its scheme is http, https (BEP 3) or udp (BEP 15).</summary>
    /// <param name="uri">An absolute address.</param>
    public static bool IsSupported(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return uri.IsAbsoluteUri && uri.Scheme is ("http" or "https" or "udp");
    }
}
