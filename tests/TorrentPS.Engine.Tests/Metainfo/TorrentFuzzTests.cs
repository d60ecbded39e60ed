using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>Any bytes give either a consistent torrent or a <see cref="TorrentException"/>.</summary>
public sealed class TorrentFuzzTests
{
    private const string Hash = "aaaaaaaaaaaaaaaaaaaa";

    private static readonly byte[][] s_seeds =
    [
        Latin1($"d8:announce8:http://a13:announce-listll8:http://aee7:comment2:hi13:creation datei1e8:encoding3:GBK4:infod6:lengthi9e4:name1:a12:piece lengthi16384e6:pieces20:{Hash}7:privatei1ee5:nodesll1:ai1eee8:url-list8:http://we"),
        Latin1($"d4:infod5:filesld6:lengthi5e4:pathl1:a5:b.txt2:..eed4:attr1:p6:lengthi0e4:pathl4:.padeed6:lengthi3e4:pathl1:ce10:path.utf-8l1:ceee4:name3:dir12:piece lengthi16384e6:pieces20:{Hash}ee"),
        Latin1($"d4:infod9:file treed1:ad0:d6:lengthi5e11:pieces root32:{Hash}aaaaaaaaaaaaee1:bd1:cd0:d6:lengthi0eeeee12:meta versioni2e4:name1:n12:piece lengthi16384ee12:piece layersd32:{Hash}aaaaaaaaaaaa0:ee"),
        Latin1($"d4:infod9:file treed1:ad0:d6:lengthi5e11:pieces root32:{Hash}aaaaaaaaaaaaeee6:lengthi5e12:meta versioni2e4:name1:a12:piece lengthi16384e6:pieces20:{Hash}ee"),
    ];

    [Fact]
    public void The_seeds_are_valid_except_the_second()
    {
        Assert.Equal(TorrentVersion.V1, Torrent.Parse(s_seeds[0]).Version);
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => Torrent.Parse(s_seeds[1])).ErrorId);
        Torrent v2 = Torrent.Parse(s_seeds[2]);
        Assert.Equal(["n/a", "n/b/c"], v2.Files.Select(file => file.Path));
        Assert.Equal((1, 5L, 16384L), (v2.PieceCount, v2.Length, v2.Files[1].Offset));
        Torrent hybrid = Torrent.Parse(s_seeds[3]);
        Assert.Equal(TorrentVersion.Hybrid, hybrid.Version);
        Assert.True(hybrid.IsSingleFile);
    }

    [Fact]
    public void Every_truncation_is_a_specific_error()
    {
        foreach (byte[] seed in s_seeds)
        {
            for (int length = 0; length < seed.Length; length++)
                Assert.ThrowsAny<TorrentException>(() => Torrent.Parse(seed.AsMemory(0, length)));
        }
    }

    [Property(MaxTest = 3000)]
    public void Mutated_torrents(int[] places, byte[] values, byte seed, bool insert)
    {
        List<byte> data = [.. s_seeds[seed % s_seeds.Length]];
        for (int i = 0; i < Math.Min(places.Length, values.Length); i++)
        {
            int place = (int)((uint)places[i] % (uint)data.Count);
            // Digits and letters of bencoding get deeper into the parser than random bytes.
            byte value = values[i] < 128 ? "0123456789ilde:-./"u8[values[i] % 18] : values[i];
            if (insert)
                data.Insert(place, value);
            else
                data[place] = value;
        }
        Check([.. data]);
    }

    [Property(MaxTest = 1000)]
    public void Any_bytes(byte[] data) => Check(data);

    [Property(MaxTest = 2000)]
    public void Any_names(byte[][] names)
    {
        string path = string.Concat((names ?? []).Select(name => $"{name?.Length ?? 0}:{Encoding.Latin1.GetString(name ?? [])}"));
        Check(Latin1($"d4:infod5:filesld6:lengthi5e4:pathl{path}eee4:name3:dir12:piece lengthi16384e6:pieces20:{Hash}ee"));
        string tree = string.Concat((names ?? []).Select(name => $"{name?.Length ?? 0}:{Encoding.Latin1.GetString(name ?? [])}d")) + "0:d6:lengthi0ee"
            + new string('e', names?.Length ?? 0);
        Check(Latin1($"d4:infod9:file treed{tree}e12:meta versioni2e4:name1:n12:piece lengthi16384eee"));
    }

    private static void Check(byte[] data)
    {
        Torrent torrent;
        try
        {
            torrent = Torrent.Parse(data);
        }
        catch (TorrentException)
        {
            return;
        }
        Assert.True(torrent.Version == TorrentVersion.V2 || torrent.PieceHashes.Length == torrent.PieceCount * 20);
        Assert.Equal(torrent.PieceCount, (torrent.Length + torrent.PieceLength - 1) / torrent.PieceLength);
        foreach (TorrentFile file in torrent.Files)
        {
            Assert.True(file.Offset >= 0 && file.Length >= 0 && (file.Length == 0 || file.Offset + file.Length <= torrent.Length));
            Assert.False(Path.IsPathRooted(file.Path));
            Assert.DoesNotContain("..", file.Path.Split('/'));
        }
        var info = new TorrentInfo(torrent);
        Assert.True(MagnetLink.TryParse(info.MagnetUri, out MagnetLink? magnet));
        Assert.Equal(torrent.InfoHash, magnet.InfoHash);
    }

    private static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);
}
