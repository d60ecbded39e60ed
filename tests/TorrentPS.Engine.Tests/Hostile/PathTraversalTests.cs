using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Hostile;

/// <summary>
/// Names that lead out of the destination (CVE-2009-1760, CVE-2010-0012, CVE-2007-1384, CVE-2007-1799, CVE-2026-57079), from every source and in every part of a torrent.
/// </summary>
public sealed class PathTraversalTests
{
    public static TheoryData<string> Escapes => ["..", "../x", "../../etc/passwd", "..\\x", "a/../../x", "a\\..\\..\\x", " .. ", "/etc/passwd", "\\x", "C:", "C:x", "c:\\windows\\x",
        "\\\\server\\share\\x", "//server/share/x", "\\\\?\\C:\\x", "\\\\.\\PhysicalDrive0", "a\0b"];

    public static TheoryData<string> Awkward => ["CON", "con.txt", "NUL", "aux.tar.gz", "COM1", "COM\u00b9", "LPT9.x", "CONIN$", "CLOCK$", "x.", "x ", "x. . .", "...", " ", "ab:c", "a/b", "a\\b", "a\u0001b", "a\nb",
        "a\u007fb", "a\u0085b", "gpj\u202e.exe", "a\u200bb", "<>|?*\"", "\ufeff", "\ufffe", ".", ".torrentps"];

    /// <summary>The name in each place where a torrent can have it.</summary>
    private static IEnumerable<byte[]> Everywhere(string name) =>
    [
        HostileTorrents.SingleFile(name), HostileTorrents.Folder(name, "a"), HostileTorrents.Folder("T", name), HostileTorrents.Folder("T", name, "a"), HostileTorrents.Folder("T", "a", name),
        HostileTorrents.Tree("T", name, "a"), HostileTorrents.Tree("T", "a", name), HostileTorrents.Tree(name, "a", "b"),
    ];

    [Theory]
    [MemberData(nameof(Escapes))]
    public void A_file_with_such_a_name_is_refused(string name)
    {
        foreach (byte[] info in Everywhere(name))
            Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => Torrent.Parse(HostileTorrents.File(info))).ErrorId);
    }

    [Theory]
    [MemberData(nameof(Escapes))]
    public void Metadata_from_peers_with_such_a_name_is_refused(string name)
    {
        foreach (byte[] info in Everywhere(name))
            Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => Torrent.ParseInfo(info, MagnetLink.Parse(HostileTorrents.Link(info)))).ErrorId);
    }

    [Theory]
    [MemberData(nameof(Escapes))]
    public void A_link_in_the_name_leads_nowhere(string name)
    {
        MagnetLink link = MagnetLink.Parse($"{HostileTorrents.Link([])}&dn={Uri.EscapeDataString(name)}");
        Assert.Equal(link.InfoHash.ToString(), link.Name);
    }

    [Theory]
    [MemberData(nameof(Awkward))]
    public void A_name_that_is_not_valid_on_some_system_stays_below_the_destination(string name)
    {
        foreach (byte[] info in Everywhere(name))
        {
            using TemporaryFolder folder = new();
            string inner = Path.Join(folder.Path, "destination");
            Torrent torrent = Torrent.Parse(HostileTorrents.File(info));
            Assert.Equal(torrent.Files[0].Path, Torrent.ParseInfo(info, null).Files[0].Path);
            if (torrent.Files[0].Path.Split('/')[0] == DestinationFolder.ControlFolderName)
            {
                Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => new DataStore(torrent, inner, [true])).ErrorId);
                continue;
            }

            using DataStore store = new(torrent, inner, [true]);
            store.Prepare();
            Assert.Equal([inner], Directory.GetFileSystemEntries(folder.Path));
            string made = Assert.Single(Directory.GetFiles(inner, "*", SearchOption.AllDirectories));
            Assert.Equal(torrent.Files[0].Path, Path.GetRelativePath(inner, made).Replace('\\', '/'));
            foreach (string part in torrent.Files[0].Path.Split('/'))
            {
                Assert.False(part is "" or "." or ".." || part.EndsWith('.') || part.EndsWith(' '), part);
                Assert.DoesNotContain(part, c => char.IsControl(c) || "<>:\"|?*\\".Contains(c));
            }
        }
    }

    [Theory]
    [InlineData(".torrentps")]
    [InlineData(".TorrentPS")]
    [InlineData(".torrent\u00adps")]
    [InlineData(".torrentp\u017f")]
    [InlineData("TORREN~1")]
    [InlineData("torren~4")]
    [InlineData("TO9F2A~1")]
    public void Resume_and_lock_files_are_out_of_reach(string name)
    {
        DestinationFolder folder = new(Path.GetTempPath());
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => folder.FullPath($"{name}/x.resume")).ErrorId);
    }

    [Theory]
    [InlineData("torrentps")]
    [InlineData("TORRENT")]
    [InlineData("BACKUP~1")]
    [InlineData("To~x")]
    [InlineData("~1")]
    [InlineData("TO9F2A~b")]
    public void Names_similar_to_that_of_the_control_folder_are_allowed(string name) =>
        Assert.Equal(Path.Join(Path.GetTempPath(), name, "x"), new DestinationFolder(Path.GetTempPath()).FullPath($"{name}/x"));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    public void A_torrent_without_a_name_is_called_by_its_info_hash(string name)
    {
        foreach (byte[] info in (byte[][])[HostileTorrents.SingleFile(name), HostileTorrents.Folder(name, "a"), HostileTorrents.Tree(name, "a", "b")])
        {
            Torrent torrent = Torrent.ParseInfo(info, null);
            Assert.Equal(torrent.InfoHash.ToString(), torrent.Name);
            Assert.StartsWith(torrent.Name, torrent.Files[0].Path, StringComparison.Ordinal);
        }
    }
}
