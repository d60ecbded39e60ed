using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Tests.Storage.Records;

public sealed class LocalTorrentsTests : IDisposable
{
    private static readonly DateTime s_now = DateTime.UtcNow;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static Torrent Make(int seed, Torrent[]? similar = null, params string[] collections) =>
        Sample.Build(16384, seed, builder => (builder.Similar, builder.Collections) = ([.. (similar ?? []).Select(torrent => torrent.InfoHash)], collections), ("file", 20_000)).Torrent;

    [Fact]
    public void A_declared_similar_torrent_is_found_in_both_directions()
    {
        LocalTorrents local = new(_folder.Path);
        Torrent first = Make(1), other = Make(2), third = Make(3, [first]);
        local.Save(first, _folder["first"], s_now);
        local.Save(other, _folder["other"], s_now);
        local.Save(third, _folder["third"], s_now);
        Assert.Equal([_folder["first"]], local.FindSimilar(third));
        Assert.Equal([_folder["third"]], local.FindSimilar(first)); // hints work in both directions
        Assert.Empty(local.FindSimilar(other));
        Assert.Equal([_folder["first"], _folder["other"]], local.FindSimilar(Make(4, [first, other])).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Torrents_of_one_collection_are_found()
    {
        LocalTorrents local = new(_folder.Path);
        local.Save(Make(1, null, "images", "a"), _folder["one"], s_now);
        local.Save(Make(2, null, "films"), _folder["two"], s_now);
        Assert.Equal([_folder["one"]], local.FindSimilar(Make(3, null, "b", "images")));
        Assert.Empty(local.FindSimilar(Make(4, null, "b")));
    }

    [Fact]
    public void A_torrent_is_not_similar_to_itself()
    {
        LocalTorrents local = new(_folder.Path);
        Torrent torrent = Make(1, null, "images");
        local.Save(torrent, _folder["elsewhere"], s_now);
        Assert.Empty(local.FindSimilar(torrent));
    }

    [Fact]
    public void A_version_2_torrent_is_also_found_by_its_truncated_hash()
    {
        LocalTorrents local = new(_folder.Path);
        Torrent v2 = Sample.BuildV2(TorrentVersion.V2, 16384, 1, ("file", 40_000)).Torrent;
        local.Save(v2, _folder["v2"], s_now);
        foreach (InfoHash hash in new[] { v2.InfoHash, InfoHash.Create(v2.InfoHash.Wire) })
        {
            Torrent next = Sample.Build(16384, 9, builder => builder.Similar = [hash], ("file", 20_000)).Torrent;
            Assert.Equal([_folder["v2"]], local.FindSimilar(next));
        }
    }

    [Fact]
    public void Unreadable_records_are_ignored()
    {
        LocalTorrents local = new(_folder.Path);
        Torrent first = Make(1), next = Make(2, [first]);
        Assert.Empty(local.FindSimilar(next)); // no folder yet
        local.Save(first, "relative", s_now);
        File.WriteAllText(_folder["torrents/bad.local"], "d4:path");
        File.WriteAllText(_folder["torrents/list.local"], "le");
        File.WriteAllBytes(_folder["torrents/large.local"], new byte[100_000]);
        Assert.Empty(local.FindSimilar(next));
        local.Save(first, _folder["data"], s_now);
        Assert.Equal([_folder["data"]], local.FindSimilar(next));
    }

    [Fact]
    public void Records_unused_for_a_year_are_removed()
    {
        LocalTorrents local = new(_folder.Path);
        local.Save(Make(1), _folder["old"], s_now);
        foreach (string note in Directory.GetFiles(_folder["torrents"]))
            File.SetLastWriteTimeUtc(note, s_now.AddDays(-500));
        local.Save(Make(2), _folder["new"], s_now);
        Assert.Single(Directory.GetFiles(_folder["torrents"]));
    }
}
