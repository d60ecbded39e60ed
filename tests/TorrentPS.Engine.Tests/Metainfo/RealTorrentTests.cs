using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>Torrents of other programs, if this machine has them: in a folder <c>shared/data</c> beside this repository or above it.</summary>
public sealed class RealTorrentTests
{
    [Fact]
    public void Reads_the_debian_torrent()
    {
        Torrent torrent = Torrent.Parse(Load("debian-edu-11.6.0-amd64-netinst.iso.torrent"));
        Assert.Equal("ed15190a158d519682760839ef900d40b1cf8981", torrent.InfoHash.ToString());
        Assert.Equal("debian-edu-11.6.0-amd64-netinst.iso", torrent.Name);
        Assert.Equal(471_859_200, torrent.Length);
        Assert.Equal(1800, torrent.PieceCount);
        Assert.Equal(256 * 1024, torrent.PieceLength);
        Assert.Equal(2, torrent.WebSeeds.Count);
        Assert.Equal("http://bttracker.debian.org:6969/announce", Assert.Single(Assert.Single(torrent.Trackers)).AbsoluteUri);
        Assert.Equal("\"Debian CD from cdimage.debian.org\"", torrent.Comment);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1671279444), torrent.CreationDate);
        Assert.True(torrent.IsSingleFile);
        var info = new TorrentInfo(torrent);
        Assert.StartsWith("magnet:?xt=urn:btih:ed15190a158d519682760839ef900d40b1cf8981&dn=debian-edu-11.6.0-amd64-netinst.iso&xl=471859200&tr=http%3A%2F%2Fbttracker", info.MagnetUri, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_the_v2_torrent_of_BEP_52()
    {
        Torrent torrent = Torrent.Parse(Load("bittorrent-v2-test.torrent"));
        Assert.Equal(TorrentVersion.V2, torrent.Version);
        Assert.Equal("caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e", torrent.InfoHash.ToString());
        Assert.False(torrent.InfoHash.HasV1);
        Assert.Equal(11, torrent.Files.Count);
        // The layers of ten files, and the one piece of the eleventh: every file starts a piece.
        Assert.Equal(33 + 34 + 28 + 44 + 82 + 7 + 2 + 22 + 63 + 55 + 1, torrent.PieceCount);
        Assert.Equal(4 << 20, torrent.PieceLength);
        Assert.Equal("bittorrent-v2-test/readme.txt", torrent.Files[9].Path);
        Assert.All(torrent.Files, file => Assert.Equal(0, file.Offset % torrent.PieceLength));
        Assert.Equal(1_534_222_888, new TorrentInfo(torrent).Length);
        Assert.All(torrent.PieceRoots!, root => Assert.Equal(32, root.Length));
        Assert.False(torrent.PieceLayers.IsEmpty);
        Assert.StartsWith("magnet:?xt=urn:btmh:1220caf1e1c3", new TorrentInfo(torrent).MagnetUri, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_the_hybrid_torrent_of_BEP_52()
    {
        Torrent torrent = Torrent.Parse(Load("bittorrent-v2-hybrid-test.torrent"));
        Assert.Equal(TorrentVersion.Hybrid, torrent.Version);
        Assert.Equal("631a31dd0a46257d5078c0dee4e66e26f73e42ac", Convert.ToHexStringLower(torrent.InfoHash.V1));
        Assert.Equal("d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb", Convert.ToHexStringLower(torrent.InfoHash.V2));
        Assert.Equal(17, torrent.Files.Count);
        Assert.Equal(9, new TorrentInfo(torrent).FileCount);
        Assert.Equal(1715, torrent.PieceCount);
        Assert.True(torrent.Files[1].IsPadding);
        Assert.True(torrent.PieceRoots![1].IsEmpty);
        Assert.Equal(32, torrent.PieceRoots[16].Length);
    }

    [Fact]
    public void Any_byte_of_them_can_be_wrong()
    {
        foreach (string name in new[] { "bittorrent-v2-test.torrent", "bittorrent-v2-hybrid-test.torrent" })
        {
            byte[] data = Load(name);
            var random = new Random(52);
            for (int i = 0; i < 300; i++)
            {
                byte[] mutated = [.. data];
                // Mostly in the first part, where the structure is.
                for (int n = random.Next(1, 4); n > 0; n--)
                    mutated[random.Next(random.Next(2) == 0 ? data.Length : 4000)] = (byte)random.Next(256);
                Assert.True(Record.Exception(() => Torrent.Parse(mutated)) is null or TorrentException, $"{name}: {Convert.ToBase64String(mutated)}");
            }
        }
    }

    private static byte[] Load(string name)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, "shared", "data", name);
            if (File.Exists(path))
                return File.ReadAllBytes(path);
        }
        Assert.Skip($"{name} is not here: put it into a folder 'shared/data' beside the repository.");
        return [];
    }
}
