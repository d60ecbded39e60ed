using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>Targets of symbolic links in torrents (BEP 47), and other rare properties of files.</summary>
public sealed class LinkTargetTests
{
    private const string End = "4:name1:n12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
    private const string EndV2 = "12:meta versioni2e4:name1:n12:piece lengthi16384eee";

    private static Torrent Parse(string data) => Torrent.Parse(Encoding.Latin1.GetBytes(data));

    [Theory]
    [InlineData("12:symlink pathl2:..6:secrete", "../secret")]
    [InlineData("12:symlink pathl1:ae12:symlink pathl1:be", "a")]
    [InlineData("12:symlink pathl1:ai1ee", "")]
    [InlineData("12:symlink pathle", "")]
    [InlineData("12:symlink path1:a", "")]
    [InlineData("12:symlink pathd1:ai1ee", "")]
    [InlineData("", "")]
    public void The_target_of_a_link_is_in_its_list(string entry, string target)
    {
        Torrent v1 = Parse($"d4:infod5:filesld4:attr1:l4:pathl4:linke{entry}ed6:lengthi1e4:pathl1:xeee{End}");
        Assert.Equal([target, null], v1.Files.Select(file => file.LinkTarget));
        if (entry.Split("symlink").Length > 2)
            return; // a duplicate key makes the tree invalid
        Torrent v2 = Parse($"d4:infod9:file treed4:linkd0:d4:attr1:l{entry}ee1:xd0:d6:lengthi1e11:pieces root32:{new string('r', 32)}eee{EndV2}");
        Assert.Equal([target, null], v2.Files.Select(file => file.LinkTarget));
    }

    [Theory]
    [InlineData("d6:lengthi5e4:pathl1:ae10:path.utf-8lee", "n/a")]
    [InlineData("d6:lengthi5e4:pathl1:ae10:path.utf-8l1:bee", "n/b")]
    [InlineData("d6:lengthi5e10:path.utf-8l1:\u00e9ee", "n/_")]
    [InlineData("d4:attr1:p6:lengthi5ee", "n/.pad/5")]
    public void A_file_uses_its_readable_path(string file, string path) => Assert.Equal(path, Parse($"d4:infod5:filesl{file}e{End}").Files[0].Path);

    [Fact]
    public void Without_trackers_seeds_nodes_and_hints_these_are_empty()
    {
        Torrent torrent = Parse($"d4:infod6:lengthi1e{End}");
        Assert.Empty(torrent.Trackers);
        Assert.Empty(torrent.WebSeeds);
        Assert.Empty(torrent.HttpSeeds);
        Assert.Empty(torrent.Nodes);
        Assert.Empty(torrent.Similar);
        Assert.Empty(torrent.Collections);
    }

    [Theory]
    [InlineData("d5:filesld6:lengthi1e4:pathl1:aee", "'info.file tree' does not match file 0 of the v1 part")]
    [InlineData("d4:attr1:p6:lengthi5e4:pathl1:pee", "'info.files[0]' is padding of 5 bytes where none belongs")]
    [InlineData("d6:lengthi5e4:pathl1:aeed4:attr1:p6:lengthi5e4:pathl1:pee", "'info.files[1]' is padding of 5 bytes where 16379 fill the piece")]
    public void Explains_what_does_not_match_in_a_hybrid(string files, string fault)
    {
        string list = files.StartsWith("d5:files", StringComparison.Ordinal) ? files[1..] : $"5:filesl{files}";
        string data = $"d4:infod9:file treed1:ad0:d6:lengthi5e11:pieces root32:{new string('r', 32)}eee{list}e12:meta versioni2e{End}";
        Assert.StartsWith(fault, Assert.Throws<TorrentException>(() => Parse(data)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reports_whose_layers_do_not_make_the_root_and_an_invalid_info_dictionary()
    {
        string root = new('r', 32), data = $"d4:infod9:file treed1:ad0:d6:lengthi16385e11:pieces root32:{root}eee{EndV2[..^1]}12:piece layersd32:{root}64:{new string('h', 64)}ee";
        Assert.StartsWith("'piece layers' has hashes for 'a' that do not make its 'pieces root' (byte ", Assert.Throws<TorrentException>(() => Parse(data)).Message, StringComparison.Ordinal);
        Assert.Equal("'info' is not a dictionary (byte 0)", Assert.Throws<TorrentException>(() => Torrent.ParseInfo("le"u8.ToArray())).Message);
        string deep = string.Concat(Enumerable.Repeat("1:a", 101));
        Assert.StartsWith("'info.files[0].path' has more than 100 parts (byte ", Assert.Throws<TorrentException>(() => Parse($"d4:infod5:filesld6:lengthi1e4:pathl{deep}eee{End}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Base32_of_another_length_is_invalid()
    {
        byte[] bytes = new byte[6];
        Assert.True(Base32.TryDecode("AAAAAAAA", bytes.AsSpan(0, 5)));
        Assert.False(Base32.TryDecode("AA", bytes.AsSpan(0, 1))); // two bits are left over
        Assert.False(Base32.TryDecode("AAAAAAAA", bytes.AsSpan(0, 6)));
        Assert.False(Base32.TryDecode("AAAAAAA1", bytes.AsSpan(0, 5)));
    }

    [Theory]
    [InlineData('\u061B', '\u061C', '\u061C', '\u061D')]
    [InlineData('\uFEFE', '\uFEFF', '\uFEFF', '\uFF00')]
    [InlineData('\u200A', '\u200B', '\u200F', '\u2010')]
    [InlineData('\u2027', '\u2028', '\u202E', '\u202F')]
    [InlineData('\u205F', '\u2060', '\u206F', '\u2070')]
    public void Invisible_characters_are_told_from_their_neighbours(char before, char first, char last, char after)
    {
        Assert.True(PathSanitizer.IsInvisible(first) && PathSanitizer.IsInvisible(last));
        Assert.False(PathSanitizer.IsInvisible(before) || PathSanitizer.IsInvisible(after));
    }
}
