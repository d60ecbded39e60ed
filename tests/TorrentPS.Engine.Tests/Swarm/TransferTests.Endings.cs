using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Swarm;

/// <content>Limits, trackers, and the end of a download.</content>
public sealed partial class TransferTests
{
    [Fact]
    public async Task The_time_limit_times_out_and_silence_stalls()
    {
        using ScriptedSeed silent = new(s_sample) { Answer = (_, _) => null };
        FakeTimeProvider time = new();
        TorrentClientOptions client = new() { TimeProvider = time };
        await using SwarmMember late = SwarmMember.Download(s_sample.Torrent, null, [silent.EndPoint], options => options with { Timeout = TimeSpan.FromSeconds(9) }, client);
        TorrentDownload result = await late.EndAsync(time);
        Assert.Equal((TorrentState.TimedOut, TorrentErrorId.DownloadTimedOut), (result.State, result.ErrorId));
        Assert.True(result.Elapsed.TotalSeconds >= 9, $"{result.Elapsed}"); // never sooner; how much later is the machine's
        await using SwarmMember stalled = SwarmMember.Download(s_sample.Torrent, null, [silent.EndPoint], options => options with { StallTimeout = TimeSpan.FromSeconds(9) }, client);
        result = await stalled.EndAsync(time);
        Assert.Equal((TorrentState.Stalled, TorrentErrorId.DownloadStalled, true), (result.State, result.ErrorId, result.Elapsed.TotalSeconds >= 9));
    }

    [Fact]
    public async Task A_very_long_limit_is_a_limit()
    {
        using ScriptedSeed seed = new(s_sample);
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => options with { Timeout = TimeSpan.FromDays(1000), StallTimeout = TimeSpan.FromDays(1000) });
        TorrentDownload result = await leecher.EndAsync();
        Assert.True(result.State == TorrentState.Completed, result.Error);
    }

    [Fact]
    public async Task The_absence_of_sources_and_a_dead_tracker_are_reported()
    {
        FakeTimeProvider time = new();
        TorrentClientOptions client = new() { TimeProvider = time };
        await using SwarmMember alone = SwarmMember.Download(s_sample.Torrent, null, [], client: client);
        TorrentDownload result = await alone.EndAsync(time, step: 0.5);
        Assert.Equal((TorrentState.Failed, TorrentErrorId.NoPeers), (result.State, result.ErrorId));

        IPEndPoint closed;
        using (ScriptedSeed gone = new(s_sample))
            closed = gone.EndPoint;
        await using SwarmMember misled = SwarmMember.Download(s_sample.Torrent.WithTracker(new Uri($"http://127.0.0.1:{closed.Port}/announce")), null, [closed], client: client);
        result = await misled.EndAsync(time, step: 0.5);
        Assert.Equal((TorrentState.Failed, TorrentErrorId.TrackerUnreachable), (result.State, result.ErrorId));
    }

    [Fact]
    public async Task The_tracker_connects_peers_and_gets_start_completion_and_stop()
    {
        ConcurrentQueue<TrackerRequest> announces = [];
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { OnAnnounce = announces.Enqueue });
        Torrent torrent = s_sample.Torrent.WithTracker(tracker.AnnounceUri);
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, torrent);
        Assert.True(SpinWait.SpinUntil(() => announces.Count == 1, TimeSpan.FromMinutes(5)));
        byte[] seedId = announces.Single().PeerId.ToArray();
        await using SwarmMember leecher = SwarmMember.Download(torrent, null, []);
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Completed, 1), (result.State, result.PeersSeen));
        TrackerRequest[] heard = [.. announces.Where(request => !request.PeerId.Span.SequenceEqual(seedId))];
        Assert.Equal([AnnounceEvent.Started, AnnounceEvent.Completed, AnnounceEvent.Stopped], heard.Select(request => request.Event));
        Assert.Equal([s_sample.Torrent.Length, 0, 0], heard.Select(request => request.Left));
        Assert.Equal(s_sample.Torrent.Length, heard[^1].Downloaded);
        await seed.StopAsync();
        Assert.Equal(0, tracker.PeerCount);
    }

    [Fact]
    public async Task A_cancelled_download_announces_its_stop()
    {
        ConcurrentQueue<TrackerRequest> announces = [];
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { OnAnnounce = announces.Enqueue });
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent.WithTracker(tracker.AnnounceUri), null, []);
        Assert.True(SpinWait.SpinUntil(() => announces.Count == 1, TimeSpan.FromMinutes(5)));
        TorrentDownload result = await leecher.StopAsync();
        Assert.Equal((TorrentState.Stopped, TorrentErrorId.DownloadStopped), (result.State, result.ErrorId));
        Assert.Equal([AnnounceEvent.Started, AnnounceEvent.Stopped], announces.Select(request => request.Event));
    }

    [Fact]
    public async Task Seeding_ends_at_the_ratio()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { SeedTime = null, SeedRatio = 1 });
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint]);
        Assert.Equal(TorrentState.Completed, (await leecher.EndAsync()).State);
        TorrentDownload result = await seed.EndAsync();
        Assert.Equal((TorrentState.Completed, s_sample.Torrent.Length), (result.State, result.Uploaded));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rates_are_limited(bool limitsDownload)
    {
        const int Limit = 100_000;
        FakeTimeProvider time = new();
        TorrentClientOptions client = new() { TimeProvider = time };
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => limitsDownload ? options : options with { UploadLimit = Limit }, client: client);
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => limitsDownload ? options with { DownloadLimit = Limit } : options, client);
        TorrentDownload result = await leecher.EndAsync(time, step: 0.05);
        Assert.Equal(TorrentState.Completed, result.State);
        // A megabyte at 100,000 bytes per second, by the clock that limits it; the initial burst and the last take are free.
        Assert.True(result.Elapsed.TotalSeconds >= 8, $"{result.Elapsed}");
        AssertSame(s_sample, leecher.Destination, 0);
    }

    /// <summary>At this limit, a block takes longer than a peer may be silent.</summary>
    [Fact]
    public async Task A_peer_slowed_by_our_limit_is_not_dropped()
    {
        Sample sample = Sample.Make(16384, 8, ("slow.bin", 40_000));
        FakeTimeProvider time = new();
        using ScriptedSeed seed = new(sample);
        await using SwarmMember leecher = SwarmMember.Download(sample.Torrent, null, [seed.EndPoint], options => options with { DownloadLimit = 200 }, new TorrentClientOptions { TimeProvider = time });
        TorrentDownload result = await leecher.EndAsync(time, atMost: 400, step: 0.25);
        Assert.True(result.State == TorrentState.Completed, result.Error + leecher.LogText);
        Assert.True(seed.Connections == 1, leecher.LogText);
        Assert.True(result.Elapsed.TotalSeconds >= 150, $"{result.Elapsed}");
        Assert.Equal(0, result.Wasted);
    }
}
