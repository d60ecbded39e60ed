using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>Refused and ignored flaws of version 2 torrents. The outcomes are those of libtorrent 2.0.8, except where a comment says otherwise.</summary>
public sealed class StrictnessTests
{
    private const int Piece = 16384;
    private const string Root = "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr";

    private static readonly string s_zeros = new('\0', 32);

    public static TheoryData<string, string, string?> Trees => new()
    {
        { "in order", $"1:a{File(10)}1:b{File(20)}", null },
        { "names out of order", $"1:b{File(20)}1:a{File(10)}", "has keys that are not in order" },
        { "names out of order in a folder", $"1:dd1:b{File(20)}1:a{File(10)}e", "has keys that are not in order" },
        { "a folder after what follows it", $"1:b{File(20)}1:ad1:c{File(10)}e", "has keys that are not in order" },
        { "names after a folder", $"1:ad1:x{File(1)}e1:b{File(20)}", null },
        { "a name in a folder that is before that of the folder", $"1:bd1:a{File(1)}e", null },
        { "a name twice", $"1:a{File(10)}1:a{File(10)}", "has a key twice" },
        { "keys of a file out of order", $"1:ad0:d11:pieces root32:{Root}6:lengthi10eee", "has keys that are not in order" },
        { "a root of zeros", $"1:a{File(10, s_zeros)}", "is of zeros" },
        { "a root of zeros of a large file", $"1:a{File(100000, s_zeros)}", "is of zeros" },
        { "a root of an empty file", $"1:a{File(0, s_zeros)}1:b{File(10)}", null },
        { "padding", $"1:ad0:d4:attr1:p6:lengthi10e11:pieces root32:{Root}ee", "has a file that is padding" },
    };

    public static TheoryData<string, string, bool> Padding => new()
    {
        { "none at the end, as the hybrid torrent of BEP 52", V1File(10, "a") + Pad(Piece - 10) + V1File(20, "b"), true },
        { "at the end, too", V1File(10, "a") + Pad(Piece - 10) + V1File(20, "b") + Pad(Piece - 20), true },
        { "none", V1File(10, "a") + V1File(20, "b"), false },
        { "a piece too much", V1File(10, "a") + Pad(2 * Piece - 10) + V1File(20, "b"), false },
        { "before the first file", Pad(Piece) + V1File(10, "a") + Pad(Piece - 10) + V1File(20, "b"), false },
        { "in two parts", V1File(10, "a") + Pad(Piece - 20) + Pad(10) + V1File(20, "b"), false },
        { "too little at the end", V1File(10, "a") + Pad(Piece - 10) + V1File(20, "b") + Pad(5), false },
        { "a piece more at the end", V1File(10, "a") + Pad(Piece - 10) + V1File(20, "b") + Pad(Piece - 20) + Pad(Piece), false },
        { "empty at the end of a piece", V1File(10, "a") + Pad(Piece - 10) + Pad(0) + V1File(20, "b"), false },
    };

    // libtorrent accepts hashes that belong to no file.
    public static TheoryData<string, string, string?> Layers => new()
    {
        { "none", "de", null },
        { "of no file", $"d32:{new string('q', 32)}64:{new string('x', 64)}e", "has hashes that belong to no file" },
        { "of no file and empty", $"d32:{new string('q', 32)}0:e", "has hashes that belong to no file" },
        { "of a small file", $"d32:{Root}32:{new string('x', 32)}e", null },
        { "no dictionary", "i1e", null },
        { "a text", "1:x", null },
        { "a list", "li1ee", null },
    };

    /// <summary>Each optional key, with its place.</summary>
    public static TheoryData<string, string> OptionalKeys
    {
        get
        {
            var keys = new TheoryData<string, string>();
            foreach (string key in (string[])["announce", "announce-list", "url-list", "httpseeds", "nodes", "comment", "comment.utf-8", "created by", "creation date", "encoding", "piece layers", "similar", "collections"])
                keys.Add("top", key);
            foreach (string key in (string[])["meta version", "file tree", "private", "source", "name.utf-8", "similar", "collections"])
                keys.Add("v1", key);
            foreach (string key in (string[])["private", "source", "name.utf-8", "similar", "collections"])
                keys.Add("v2", key);
            foreach (string key in (string[])["path.utf-8", "attr", "symlink path", "mtime", "sha1"])
                keys.Add("file", key);
            foreach (string key in (string[])["attr", "symlink path", "mtime"])
                keys.Add("tree", key);
            return keys;
        }
    }

    [Theory]
    [MemberData(nameof(Trees))]
    public void A_file_tree_follows_BEP_52(string what, string tree, string? fault) =>
        AssertOutcome(what, $"d4:infod9:file treed{tree}e12:meta versioni2e4:name1:n12:piece lengthi{Piece}eee", fault);

    [Theory]
    [MemberData(nameof(Padding))]
    public void Padding_of_a_hybrid_fills_exactly_the_piece_in_which_a_file_ends(string what, string files, bool isGood)
    {
        long length = 0;
        foreach (string part in files.Split("6:lengthi")[1..])
            length += long.Parse(part[..part.IndexOf('e', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
        string pieces = new('p', (int)((length + Piece - 1) / Piece) * 20);
        string data = $"d4:infod9:file treed1:a{File(10)}1:b{File(20)}e5:filesl{files}e12:meta versioni2e4:name1:n12:piece lengthi{Piece}e6:pieces{pieces.Length}:{pieces}ee";
        AssertOutcome(what, data, isGood ? null : "'info.file");
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Piece_layers_must_belong_to_the_files(string what, string layers, string? fault) =>
        AssertOutcome(what, $"d4:infod9:file treed1:a{File(10)}e12:meta versioni2e4:name1:n12:piece lengthi{Piece}ee12:piece layers{layers}e", fault);

    [Theory]
    [MemberData(nameof(OptionalKeys))]
    public void Optional_keys_of_a_wrong_type_are_ignored(string place, string key)
    {
        foreach (string value in (string[])["1:x", "0:", "i7e", "i-1e", "li1ee", "l1:xe", "le", "de", "d1:ai1ee", "lli1eee"])
        {
            // These values have a meaning: such numbers are another version, and a tree makes the torrent one of version 2.
            if ((key == "meta version" && value == "i7e") || (key == "path.utf-8" && value is "l1:xe" or "le"))
                continue;
            Torrent torrent = Torrent.Parse(Encoding.Latin1.GetBytes(With(place, key, value)));
            Assert.Equal(place is "v2" or "tree" ? TorrentVersion.V2 : TorrentVersion.V1, torrent.Version);
            Assert.Single(torrent.Files);
        }
    }

    private static string With(string place, string key, string value)
    {
        SortedDictionary<string, string> top = new(StringComparer.Ordinal), info = new(StringComparer.Ordinal), file = new(StringComparer.Ordinal);
        info["name"] = "1:n";
        info["piece length"] = $"i{Piece}e";
        file["length"] = "i10e";
        if (place is "v2" or "tree")
        {
            file["pieces root"] = $"32:{Root}";
            info["meta version"] = "i2e";
        }
        else
        {
            info["pieces"] = $"20:{new string('p', 20)}";
        }
        if (place == "file")
            file["path"] = "l1:ae";
        (place switch { "top" => top, "file" or "tree" => file, _ => info })[key] = value;
        if (place is "v2" or "tree")
            info["file tree"] = $"d1:ad0:{Dictionary(file)}ee";
        else if (place == "file")
            info["files"] = $"l{Dictionary(file)}e";
        else
            info["length"] = "i10e";
        top["info"] = Dictionary(info);
        return Dictionary(top);
    }

    private static string Dictionary(SortedDictionary<string, string> entries) => $"d{string.Concat(entries.Select(entry => $"{entry.Key.Length}:{entry.Key}{entry.Value}"))}e";

    private static void AssertOutcome(string what, string data, string? fault)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(data);
        if (fault is null)
        {
            Assert.NotEmpty(Torrent.Parse(bytes).Files);
            return;
        }
        TorrentException error = Assert.Throws<TorrentException>(() => Torrent.Parse(bytes));
        Assert.Equal(TorrentErrorId.InvalidTorrent, error.ErrorId);
        Assert.True(error.Message.Contains(fault, StringComparison.Ordinal), $"{what}: {error.Message}");
    }

    private static string File(int length, string root = Root) => $"d0:d6:lengthi{length}e11:pieces root32:{root}ee";

    private static string V1File(int length, string name) => $"d6:lengthi{length}e4:pathl{name.Length}:{name}ee";

    private static string Pad(int length) => $"d4:attr1:p6:lengthi{length}e4:pathl4:.pad1:0ee";
}
