using System.Text;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>The names of .torrent files.</summary>
public static class TorrentFileName
{
    private const string Extension = ".torrent";

    /// <summary>The name of a .torrent file for a torrent: the torrent's name, shortened if it is too long for a file name on this system, and the extension.</summary>
    /// <param name="name">The torrent's name.</param>
    public static string Of(string name) => Of(name, PathEquality.OfSystem);

    internal static string Of(string name, PathEquality equality)
    {
        PathBuffer path = new();
        if (equality == PathEquality.OfWindows && PathSanitizer.Append(path, name, isLast: true) is null)
            name = path.ToString();
        int maxBytes = MetainfoLimits.ComponentBytes - Extension.Length;
        return (Encoding.UTF8.GetByteCount(name) <= maxBytes ? name : PathSanitizer.Shorten(name, "~", maxBytes)) + Extension;
    }
}
