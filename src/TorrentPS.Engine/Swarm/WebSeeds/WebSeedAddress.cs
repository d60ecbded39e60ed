using System.Globalization;
using System.Text;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>The request addresses of a web seed.</summary>
internal static class WebSeedAddress
{
    /// <summary>
    /// The address of a file (BEP 19): that of the web seed itself for a torrent of one file, unless it ends with a slash; otherwise the torrent's path below it.
    /// </summary>
    public static Uri OfFile(Uri seed, Torrent torrent, int file)
    {
        if (torrent.IsSingleFile && !seed.AbsolutePath.EndsWith('/'))
            return seed;
        var path = new StringBuilder(seed.AbsolutePath);
        if (path[^1] != '/')
            path.Append('/');
        path.AppendJoin('/', torrent.Files[file].Path.Split('/').Select(Uri.EscapeDataString));
        return new Uri($"{seed.GetComponents(UriComponents.SchemeAndServer | UriComponents.UserInfo, UriFormat.UriEscaped)}{path}{seed.Query}");
    }

    /// <summary>The address of a piece (BEP 17), or of a part of it.</summary>
    public static Uri OfPiece(Uri seed, Torrent torrent, int piece, (int First, int Last)? range)
    {
        var query = new StringBuilder(seed.Query.Length > 1 ? seed.Query + "&" : "?").Append("info_hash=");
        foreach (byte value in torrent.InfoHash.Wire)
            query.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        query.Append(CultureInfo.InvariantCulture, $"&piece={piece}");
        if (range is { } part)
            query.Append(CultureInfo.InvariantCulture, $"&ranges={part.First}-{part.Last}");
        return new Uri(seed.GetComponents(UriComponents.SchemeAndServer | UriComponents.UserInfo | UriComponents.Path, UriFormat.UriEscaped) + query);
    }
}
