using System.Collections.Concurrent;
using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>From a magnet link to the file, with whole clients in one process, on loopback.</summary>
public sealed class MagnetTests
{
    private static readonly Sample s_sample = Sample.Build(16384, 5, null, ("a/one", 100_000), ("two", 200_000), ("b/three", 300_000));

    private static readonly PeerSource[] s_sources = [PeerSource.Tracker, PeerSource.Manual];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static MagnetLink Link(string more = "") => MagnetLink.Parse($"magnet:?xt=urn:btih:{s_sample.Torrent.InfoHash}{more}");

    private static Task<SwarmMember> SeedAsync(Func<DownloadOptions, DownloadOptions>? change = null, Torrent? torrent = null) =>
        SwarmMember.SeedAsync(s_sample, torrent, options => (change?.Invoke(options) ?? options) with { Sources = s_sources });

    private static SwarmMember Download(MagnetLink link, Func<DownloadOptions, DownloadOptions>? change = null) =>
        SwarmMember.Download(Torrent.FromLink(link), null, [], options => (change?.Invoke(options) ?? options) with { Sources = s_sources });

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task A_peer_in_the_link_sends_the_metadata(string host)
    {
        await using SwarmMember seed = await SeedAsync();
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0 });
        TorrentInfo torrent = await client.ResolveAsync(Link($"&x.pe={host}:{seed.EndPoint.Port}&ws=http%3A%2F%2Fw.example%2F"), new ResolveOptions { Sources = s_sources }, null, Token);
        Assert.True(torrent.HasMetadata);
        Assert.Equal(("T", s_sample.Torrent.InfoHash.ToString(), 3, 600_000L), (torrent.Name, torrent.InfoHash, torrent.FileCount, torrent.Length));
        Assert.Equal("http://w.example/", Assert.Single(torrent.WebSeeds).OriginalString);

        Torrent written = Torrent.Parse(torrent.Torrent.ToBytes());
        Assert.Equal(s_sample.Torrent.InfoHash, written.InfoHash);
        Assert.Equal(torrent.WebSeeds, written.WebSeeds);
    }

    [Fact]
    public async Task A_download_continues_over_the_connection_that_sent_the_metadata()
    {
        await using SwarmMember seed = await SeedAsync();
        await using SwarmMember leecher = Download(Link($"&x.pe={seed.EndPoint}"));
        TorrentDownload resolving = await leecher.UntilAsync(status => status.State == TorrentState.Resolving);
        Assert.Equal((0, 0, 0L), (resolving.PercentComplete, resolving.BytesCompleted, resolving.BytesWanted));
        TorrentDownload result = await leecher.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result.Error}\n{leecher.LogText}");
        AssertArrived(leecher, 0, 1, 2);
        Assert.DoesNotContain("Duplicate", leecher.LogText, StringComparison.Ordinal);
        Assert.Equal(1, seed.LogText.Split('\n').Count(line => line.Contains(" connected: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_tracker_gets_one_start_and_one_stop()
    {
        ConcurrentQueue<string> announces = [];
        await using var server = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { OnAnnounce = request => announces.Enqueue($"{request.EndPoint.Port} {request.Event}") });
        string tracker = $"http://{server.EndPoint}/announce";
        await using SwarmMember seed = await SeedAsync(torrent: Torrent.ParseInfo(s_sample.Torrent.InfoBytes, Link($"&tr={tracker}")));
        Assert.True(await Task.Run(() => SpinWait.SpinUntil(() => !announces.IsEmpty, TimeSpan.FromMinutes(5)), Token));

        await using SwarmMember leecher = Download(Link($"&tr={tracker}"));
        int port = 0;
        await leecher.UntilAsync(_ => (port = leecher.Client.ListenPort) > 0);
        TorrentDownload result = await leecher.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result.Error}\n{leecher.LogText}");
        Assert.Equal([$"{port} Started", $"{port} Completed", $"{port} Stopped"], announces.Where(line => line.StartsWith($"{port} ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("&so=1", null, 1)]
    [InlineData("&so=0,2-9", null, 0, 2)]
    [InlineData("&so=1", "a/*", 0)] // the user's own selection has precedence
    public async Task The_links_selection_is_downloaded(string selection, string? include, params int[] files)
    {
        await using SwarmMember seed = await SeedAsync();
        await using SwarmMember leecher = Download(Link($"{selection}&x.pe={seed.EndPoint}"), options => options with { Include = include is null ? [] : [include] });
        TorrentDownload result = await leecher.EndAsync();
        Assert.True(result.State == TorrentState.Completed, $"{result.Error}\n{leecher.LogText}");
        Assert.Equal(files.Sum(file => s_sample.Torrent.Files[file].Length), result.BytesWanted);
        AssertArrived(leecher, files);
        foreach (TorrentFile other in s_sample.Torrent.Files.Where(file => !files.Contains(file.Index)))
            Assert.False(File.Exists(Path.Join(leecher.Destination, other.Path)));
    }

    [Fact]
    public async Task An_empty_selection_is_an_error()
    {
        await using SwarmMember seed = await SeedAsync();
        await using SwarmMember leecher = Download(Link($"&so=7&x.pe={seed.EndPoint}"));
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal(TorrentState.Failed, result.State);
        Assert.Contains("No file of 'T' is left", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Existing_data_is_not_downloaded_again()
    {
        await using SwarmMember seed = await SeedAsync();
        using var folder = new TemporaryFolder();
        s_sample.Lay(folder.Path, 0, 1, 2);
        await using SwarmMember leecher = Download(Link($"&x.pe={seed.EndPoint}"), options => options with { Destination = folder.Path });
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Completed, 0L), (result.State, result.Downloaded));
    }

    [Fact]
    public async Task A_magnet_link_is_seeded_when_its_metadata_came()
    {
        await using SwarmMember first = await SeedAsync();
        using var folder = new TemporaryFolder();
        s_sample.Lay(folder.Path, 0, 1, 2);
        await using SwarmMember second = Download(Link($"&x.pe={first.EndPoint}"), options => options with { Destination = folder.Path, SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan });
        await second.UntilAsync(status => status.State == TorrentState.Seeding);
        await first.StopAsync();
        await using SwarmMember leecher = Download(Link($"&x.pe={second.EndPoint}"));
        Assert.Equal(TorrentState.Completed, (await leecher.EndAsync()).State);
    }

    [Fact]
    public async Task The_time_for_resolving_counts_towards_the_downloads_time_out()
    {
        await using SwarmMember leecher = Download(Link("&x.pe=127.0.0.1:9"), options => options with { Timeout = TimeSpan.FromSeconds(0.5) });
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.TimedOut, TorrentErrorId.MetadataTimedOut, 0), (result.State, result.ErrorId, result.PercentComplete));
        Assert.Contains("within 0.5 s", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_while_resolving_ends_as_stopped()
    {
        await using SwarmMember leecher = Download(Link("&x.pe=127.0.0.1:9"));
        await leecher.UntilAsync(status => status.State == TorrentState.Resolving);
        TorrentDownload result = await leecher.StopAsync();
        Assert.Equal((TorrentState.Stopped, TorrentErrorId.DownloadStopped, 0), (result.State, result.ErrorId, result.PercentComplete));
    }

    [Fact]
    public async Task Two_links_are_resolved_by_one_client_at_once()
    {
        await using SwarmMember seed = await SeedAsync();
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0 });
        var options = new ResolveOptions { Sources = s_sources, Peers = [seed.EndPoint] };
        TorrentInfo[] both = await Task.WhenAll(client.ResolveAsync(Link(), options, null, Token), client.ResolveAsync(Link(), options, null, Token));
        Assert.All(both, torrent => Assert.Equal("T", torrent.Name));
    }

    private static void AssertArrived(SwarmMember leecher, params int[] files)
    {
        foreach (int file in files)
            Assert.True(SharedFile.ReadAllBytes(Path.Join(leecher.Destination, s_sample.Torrent.Files[file].Path)).AsSpan().SequenceEqual(s_sample.File(file)));
    }
}
