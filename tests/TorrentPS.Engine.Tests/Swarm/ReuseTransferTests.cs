using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A new version of existing data: only the changed files are downloaded (BEP 38).</summary>
public sealed class ReuseTransferTests
{
    private const int PieceLength = 32768;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>An image of twenty parts, two of which differ in the second version.</summary>
    private static (Sample Old, Sample New) Versions(Func<Sample, Action<TorrentBuilder>>? hints)
    {
        (string, int)[] files = [.. Enumerable.Range(0, 20).Select(i => ($"part{i:00}", 4 * PieceLength - i))];
        Sample old = Sample.Build(PieceLength, 1, null, files);
        return (old, old.Change(hints?.Invoke(old), 3 * 4 * PieceLength, 11 * 4 * PieceLength));
    }

    [Fact]
    public async Task Data_in_a_given_folder_is_not_downloaded()
    {
        (Sample old, Sample next) = Versions(null);
        using TemporaryFolder folder = new();
        old.Lay(folder["v1"], [.. old.Torrent.Files.Select(file => file.Index)]);
        using ScriptedSeed seed = new(next);
        await using SwarmMember leecher = SwarmMember.Download(next.Torrent, null, [seed.EndPoint], options => options with { ReuseFrom = [folder["v1"]] });
        await AssertReusedAsync(next, leecher, seed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Data_of_a_similar_torrent_is_found_automatically(bool byCollection)
    {
        (Sample old, Sample next) = Versions(old => builder =>
        {
            builder.Similar = byCollection ? [] : [old.Torrent.InfoHash];
            builder.Collections = byCollection ? ["images"] : [];
        });
        if (byCollection)
            old = old.Change(builder => builder.Collections = ["images"]);
        using TemporaryFolder state = new();
        using TemporaryFolder first = new();
        TorrentClientOptions client = new() { StateFolder = state.Path };
        using ScriptedSeed oldSeed = new(old);
        await using (SwarmMember before = SwarmMember.Download(old.Torrent, first.Path, [oldSeed.EndPoint], client: client))
            Assert.Equal(TorrentState.Completed, (await before.EndAsync()).State);
        using ScriptedSeed seed = new(next);
        await using SwarmMember leecher = SwarmMember.Download(next.Torrent, null, [seed.EndPoint], client: client);
        await AssertReusedAsync(next, leecher, seed);
        await using SwarmMember without = SwarmMember.Download(next.Torrent, null, [seed.EndPoint], options => options with { ReuseSimilar = false }, client);
        Assert.Equal(next.Torrent.Length, (await without.EndAsync()).Downloaded);
    }

    [Fact]
    public async Task The_data_of_a_private_torrent_is_not_found()
    {
        (Sample old, Sample next) = Versions(_ => builder => builder.Collections = ["images"]);
        old = old.Change(builder => (builder.Collections, builder.IsPrivate) = (["images"], true));
        using TemporaryFolder state = new();
        using TemporaryFolder first = new();
        TorrentClientOptions client = new() { StateFolder = state.Path };
        old.Lay(first.Path, [.. old.Torrent.Files.Select(file => file.Index)]);
        await using (SwarmMember before = SwarmMember.Download(old.Torrent, first.Path, [], client: client))
            Assert.Equal(TorrentState.Completed, (await before.EndAsync()).State);
        using ScriptedSeed seed = new(next);
        await using SwarmMember leecher = SwarmMember.Download(next.Torrent, null, [seed.EndPoint], client: client);
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Completed, 0L, next.Torrent.Length), (result.State, result.BytesReused, result.Downloaded));
    }

    private static async Task AssertReusedAsync(Sample next, SwarmMember leecher, ScriptedSeed seed)
    {
        TorrentDownload result = await leecher.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result.State} {result.Error}\n{leecher.LogText}");
        foreach (TorrentFile file in next.Torrent.Files)
            Assert.Equal(next.File(file.Index).ToArray(), SharedFile.ReadAllBytes(Path.Join(leecher.Destination, file.Path)));
        Assert.Equal(next.Torrent.Length, result.BytesReused + result.Downloaded - result.Wasted);
        Assert.True(result.BytesReused >= 0.97 * next.Torrent.Length, $"{result.BytesReused} of {next.Torrent.Length} bytes were there");
        Assert.InRange(seed.Requests.Select(block => block.Piece).Distinct().Count(), 1, 2);
    }
}
