using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A .torrent, and its info dictionary as received from peers.</summary>
internal sealed class TorrentTarget : FuzzTarget
{
    private const string Hash = "aaaaaaaaaaaaaaaaaaaa";

    public override string Name => "torrent";

    public override string Description => ".torrent files and metadata: v1, v2 and hybrid";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. ((string[])
        [
            $"d8:announce8:http://a13:announce-listll8:http://aee7:comment2:hi13:creation datei1e8:encoding3:GBK4:infod6:lengthi9e4:name1:a12:piece lengthi16384e6:pieces20:{Hash}7:privatei1ee5:nodesll1:ai1eee8:url-list8:http://we",
            $"d4:infod5:filesld6:lengthi5e4:pathl1:a5:b.txteed4:attr1:p6:lengthi0e4:pathl4:.padeed6:lengthi3e4:pathl1:ce10:path.utf-8l1:ceee4:name3:dir12:piece lengthi16384e6:pieces20:{Hash}ee",
            $"d4:infod9:file treed1:ad0:d6:lengthi5e11:pieces root32:{Hash}aaaaaaaaaaaaee1:bd1:cd0:d6:lengthi0eeeee12:meta versioni2e4:name1:n12:piece lengthi16384ee12:piece layersd32:{Hash}aaaaaaaaaaaa0:ee",
            $"d4:infod9:file treed1:ad0:d6:lengthi5e11:pieces root32:{Hash}aaaaaaaaaaaaeee6:lengthi5e12:meta versioni2e4:name1:a12:piece lengthi16384e6:pieces20:{Hash}ee",
            $"d4:infod5:filesld4:attr1:l4:pathl1:ae12:symlink pathl1:beed6:lengthi9e4:pathl1:bee4:name1:T12:piece lengthi16384e6:pieces20:{Hash}ee",
        ]).Select(Encoding.Latin1.GetBytes),
    ];

    public override IReadOnlyList<string> Words =>
        ["info", "files", "file tree", "length", "path", "path.utf-8", "name", "name.utf-8", "pieces", "piece length", "pieces root", "piece layers", "meta version", "attr", "symlink path", "private", "source",
            "announce", "announce-list", "url-list", "nodes", "encoding", "..", ".", "CON", "a/b", "C:", "\\\\x\\y", "e\xcc\x81", "\xc3\xa9", "http://a/", "udp://a:1", "utf-7", "shift_jis"];

    // Text of a code page, tables of addresses, a thousand objects of files.
    public override long MaxAllocated(int length) => (1 << 20) + 1024L * length;

    public override int Try(byte[] input)
    {
        Torrent torrent;
        try
        {
            torrent = Torrent.Parse(input);
        }
        catch (TorrentException e)
        {
            return Outcome(e.Message);
        }

        Check(torrent);
        CheckInfo(torrent);
        Require(Torrent.Parse(torrent.ToBytes()).InfoHash == torrent.InfoHash, "the torrent as it is written has another info hash");
        var info = new TorrentInfo(torrent);
        Require(MagnetLink.TryParse(info.MagnetUri, out MagnetLink? link) && link.InfoHash == torrent.InfoHash, "the magnet link has another info hash");
        return HashCode.Combine(torrent.Version, torrent.IsSingleFile, torrent.IsPrivate, Math.Min(torrent.Files.Count, 4), torrent.Trackers.Count > 0, torrent.WebSeeds.Count > 0, torrent.Nodes.Count > 0);
    }

    /// <summary>The info dictionary as received from peers.</summary>
    private static void CheckInfo(Torrent torrent)
    {
        try
        {
            Torrent alone = Torrent.ParseInfo(torrent.InfoBytes, null);
            Require(alone.InfoHash == torrent.InfoHash, "the info dictionary alone has another info hash");
            Check(alone);
        }
        catch (TorrentException e) when (e.ErrorId == TorrentErrorId.UnsafePath)
        {
            // A name in a code page that only the file states.
        }
    }

    private static void Check(Torrent torrent)
    {
        Require(torrent.PieceCount == (torrent.Length + torrent.PieceLength - 1) / torrent.PieceLength, "the number of pieces does not fit the length");
        Require(torrent.Version == TorrentVersion.V2 || torrent.PieceHashes.Length == torrent.PieceCount * 20, "there is not a hash a piece");
        var folder = new DestinationFolder("/destination");
        string below = folder.Path + Path.DirectorySeparatorChar;
        var keys = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (TorrentFile file in torrent.Files)
        {
            Require(file.Offset >= 0 && file.Length >= 0 && (file.Length == 0 || file.Offset + file.Length <= torrent.Length), "a file is beyond the data");
            if (file.IsPadding)
                continue;
            Require(keys.Add(PathKey.Of(file.Path)), "two files are in one place");
            PathTarget.CheckSafe(file.Path);
            try
            {
                Require(folder.FullPath(file.Path).StartsWith(below, StringComparison.Ordinal), "a file is outside the destination");
            }
            catch (TorrentException e) when (e.ErrorId == TorrentErrorId.UnsafePath)
            {
                // The folder of control files.
            }
        }

        _ = new FileLayout(torrent, new bool[torrent.Files.Count]);
    }
}
