using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Metainfo;

/// <summary>The hints of a torrent about others that share files with it (BEP 38).</summary>
public sealed class HintsTests
{
    private static readonly InfoHash s_one = InfoHash.Create(Enumerable.Repeat((byte)1, 20).ToArray());
    private static readonly InfoHash s_two = InfoHash.Create(default, Enumerable.Repeat((byte)2, 32).ToArray());

    private static Torrent With(string outside, Action<TorrentBuilder>? change = null)
    {
        byte[] bytes = Sample.Build(16384, 1, change, ("file", 20_000)).Torrent.ToBytes().ToArray();
        return Torrent.Parse((byte[])[.. bytes[..^1], .. Encoding.Latin1.GetBytes(outside), (byte)'e']);
    }

    [Fact]
    public void They_are_written_into_the_info_dictionary_and_read_again()
    {
        Torrent torrent = With("", builder => (builder.Similar, builder.Collections) = ([s_one, s_two], ["com.example.images", "größer"]));
        Assert.Equal([s_one, s_two], torrent.Similar);
        Assert.Equal(["com.example.images", "größer"], torrent.Collections);
        string info = Encoding.Latin1.GetString(torrent.InfoBytes.Span);
        Assert.True(info.IndexOf("11:collections", StringComparison.Ordinal) < info.IndexOf("6:length", StringComparison.Ordinal)); // keys are sorted
        Assert.True(info.IndexOf("7:similar", StringComparison.Ordinal) > info.IndexOf("6:pieces", StringComparison.Ordinal));
        Assert.NotEqual(With("").InfoHash, torrent.InfoHash);
    }

    [Fact]
    public void Hints_outside_are_added_to_those_inside()
    {
        string other = new('\x03', 20);
        Torrent torrent = With($"11:collectionsl1:a1:be7:similarl20:{new string('\x01', 20)}20:{other}e", builder => (builder.Similar, builder.Collections) = ([s_one], ["b", "c"]));
        Assert.Equal([s_one, InfoHash.Create(Encoding.Latin1.GetBytes(other))], torrent.Similar);
        Assert.Equal(["b", "c", "a"], torrent.Collections);
    }

    [Theory]
    [InlineData("7:similari1e")]
    [InlineData("7:similar3:abc")]
    [InlineData("7:similard1:al1:bee")]
    [InlineData("7:similarl19:0123456789012345678i5eld1:a1:beee")]
    [InlineData("11:collectionsi1e")]
    [InlineData("11:collectionsl0:i7elee")]
    [InlineData("11:collectionsl2:\xff\xfe" + "e")]
    public void Invalid_hints_are_ignored(string outside)
    {
        Torrent torrent = With(outside);
        Assert.Empty(torrent.Similar);
        Assert.Empty(torrent.Collections);
    }

    [Fact]
    public void Their_number_is_limited()
    {
        string hashes = string.Concat(Enumerable.Range(0, 1000).Select(i => $"20:{i:00000000000000000000}"));
        string names = string.Concat(Enumerable.Range(0, 1000).Select(i => $"5:{i:00000}")) + $"300:{new string('x', 300)}";
        Torrent torrent = With($"11:collectionsl{names}e7:similarl{hashes}e");
        Assert.Equal((100, 100), (torrent.Similar.Count, torrent.Collections.Count));
    }
}
