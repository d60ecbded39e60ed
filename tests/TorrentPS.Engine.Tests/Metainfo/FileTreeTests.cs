using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

public sealed class FileTreeTests
{
    private const string Root = "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr";
    private const string Rest = "12:meta versioni2e4:name1:n12:piece lengthi16384eee";

    [Fact]
    public void Begins_every_file_with_a_piece()
    {
        Torrent torrent = Parse($"d4:infod9:file treed1:a{File(16385)}1:bd1:c{File(0)}1:d{File(1)}1:ed1:f{File(16384)}ee1:z{File(5)}e" + Rest);
        Assert.Equal(["n/a", "n/b/c", "n/b/d", "n/b/e/f", "n/z"], torrent.Files.Select(file => file.Path));
        Assert.Equal([0, 32768, 32768, 49152, 65536], torrent.Files.Select(file => file.Offset));
        Assert.Equal(5, torrent.PieceCount);
        Assert.Equal(65541, torrent.Length);
        Assert.Equal(Root, Encoding.ASCII.GetString(torrent.PieceRoots![0].Span));
        Assert.True(torrent.PieceRoots[1].IsEmpty);
    }

    [Fact]
    public void Puts_a_single_file_into_no_folder()
    {
        Torrent torrent = Parse($"d4:infod9:file treed5:a.txt{File(5)}e" + Rest);
        Assert.True(torrent.IsSingleFile);
        Assert.Equal("a.txt", Assert.Single(torrent.Files).Path);
        Assert.False(Parse($"d4:infod9:file treed1:dd5:a.txt{File(5)}ee" + Rest).IsSingleFile);
    }

    [Fact]
    public void Leaves_out_empty_folders_and_keeps_links_as_empty_files()
    {
        Torrent torrent = Parse($"d4:infod9:file treed1:ad1:xdee1:b{File(5)}1:cd0:d4:attr1:l12:symlink pathl1:beeee" + Rest);
        Assert.Equal([("n/b", 5L), ("n/c", 0L)], torrent.Files.Select(file => (file.Path, file.Length)));
    }

    [Theory]
    [InlineData("d4:infod12:meta versioni2e4:name1:n12:piece lengthi16384eee", "'info.file tree' is missing (byte 7)")]
    [InlineData("d4:infod9:file treede12:meta versioni3e4:name1:n12:piece lengthi16384eee", "'info.meta version' is 3; 1 and 2 are known (byte 36)")]
    [InlineData("d4:infod9:file treede4:name1:n12:piece lengthi16384eee", "'info.meta version' is missing (byte 7)")]
    [InlineData("d4:infod9:file treede12:meta versioni2e4:name1:n12:piece lengthi16385eee", "'info.piece length' is 16385, not a power of two of at least 16384 (byte 63)")]
    [InlineData("d4:infod9:file treede12:meta versioni2e4:name1:n12:piece lengthi8192eee", "'info.piece length' is 8192, not a power of two of at least 16384 (byte 63)")]
    [InlineData("d4:infod9:file treede" + Rest, "'info.file tree' has no files (byte 19)")]
    [InlineData("d4:infod9:file treei1e" + Rest, "'info.file tree' is not a dictionary (byte 19)")]
    [InlineData("d4:infod9:file treed1:ai1ee" + Rest, "'info.file tree' has a name that leads to no dictionary (byte 23)")]
    [InlineData("d4:infod9:file treed0:dee" + Rest, "'info.file tree' has an empty name beside others (byte 20)")]
    [InlineData("d4:infod9:file treed1:ad0:i1eee" + Rest, "'info.file tree' has a file that is not a dictionary (byte 26)")]
    [InlineData("d4:infod9:file treed1:ad0:deee" + Rest, "'info.file tree.length' is missing (byte 26)")]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi-1eeee" + Rest, "'info.file tree.length' is -1, which no file has (byte 35)")]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi1eeee" + Rest, "'info.file tree.pieces root' is missing (byte 26)")]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi1e11:pieces root3:abceee" + Rest, "'info.file tree.pieces root' has 3 bytes instead of 32 (byte 52)")]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi0ee1:bdeee" + Rest, "'info.file tree' has a file that is a folder too (byte 39)")]
    [InlineData("d4:infod9:file treed2:..d0:d6:lengthi0eeee" + Rest, "'info.file tree' has the unsafe name '..': it leads to the folder above (byte 20)")]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi0eeee12:meta versioni2e4:name1:n12:piece lengthi16384ee12:piece layersd1:a0:ee", "'piece layers' has a key that is not of 32 bytes (byte 107)")]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi0eeee12:meta versioni2e4:name1:n12:piece lengthi16384ee12:piece layersd32:" + Root + "1:xee", "'piece layers' has a layer that is not of 32 bytes a piece (byte 142)")]
    public void Refuses_data_that_is_not_a_file_tree_at_its_byte(string data, string message) =>
        Assert.Equal(message, Assert.Throws<TorrentException>(() => Parse(data)).Message);

    [Theory]
    [InlineData(5, "a", true)]
    [InlineData(6, "a", false)]
    [InlineData(5, "b", false)]
    public void Compares_both_halves_of_a_hybrid(int length, string name, bool isSame)
    {
        string data = $"d4:infod9:file treed1:{name}{File(length)}e6:lengthi5e12:meta versioni2e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
        if (isSame)
            Assert.Equal(TorrentVersion.Hybrid, Parse(data).Version);
        else
            Assert.StartsWith("'info.file tree' does not match file 0", Assert.Throws<TorrentException>(() => Parse(data)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("d4:attr1:p6:lengthi16379ee", true)]
    [InlineData("d6:lengthi16379e4:pathl1:aee", false)]
    [InlineData("d4:attr1:p6:lengthi16370ee", false)]
    [InlineData("", false)]
    public void Needs_a_hybrid_to_begin_every_file_with_a_piece(string padding, bool isGood)
    {
        string pieces = new('a', padding.Length > 0 && !padding.Contains("16370", StringComparison.Ordinal) ? 40 : 20);
        string data = $"d4:infod9:file treed1:a{File(5)}1:b{File(7)}e5:filesld6:lengthi5e4:pathl1:aee{padding}d6:lengthi7e4:pathl1:beee"
            + $"12:meta versioni2e4:name1:n12:piece lengthi16384e6:pieces{pieces.Length}:{pieces}ee";
        if (isGood)
            Assert.Equal(16384, Parse(data).Files[2].Offset);
        else
            Assert.Matches("^'info.file tree' does not match|^'info.files.1.' is padding of", Assert.Throws<TorrentException>(() => Parse(data)).Message);
    }

    [Fact]
    public void Refuses_a_tree_that_is_too_deep_or_too_wide()
    {
        string deep = string.Concat(Enumerable.Repeat("1:ad", 5000));
        Assert.Equal(TorrentErrorId.InvalidBencode, Assert.ThrowsAny<TorrentException>(() => Parse("d4:infod9:file treed" + deep)).ErrorId);

        // A few bytes per file, but paths of 4,000 characters: together more than the memory allowed.
        var wide = new StringBuilder("d4:infod9:file treed");
        for (int i = 0; i < 16; i++)
            wide.Append("250:").Append('a', 250).Append('d');
        for (int i = 0; i < 20000; i++)
            wide.Append(System.Globalization.CultureInfo.InvariantCulture, $"5:{i:00000}d0:d6:lengthi0eee");
        wide.Append('e', 17).Append(Rest);
        Assert.Contains("too long together", Assert.Throws<TorrentException>(() => Parse(wide.ToString())).Message, StringComparison.Ordinal);
    }

    private static string File(int length) => $"d0:d6:lengthi{length}e11:pieces root32:{Root}ee";

    private static Torrent Parse(string data) => Torrent.Parse(Encoding.Latin1.GetBytes(data));
}
