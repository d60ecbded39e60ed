using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <content>Pausing and resuming.</content>
public sealed partial class TorrentTransferTests
{
    [Fact]
    public async Task A_pause_ends_all_traffic_and_the_download_resumes()
    {
        FakeTimeProvider time = new();
        int answers = 0;
        long sent = 0;
        using ScriptedSeed seed = new(s_sample)
        {
            Answer = (_, data) =>
            {
                if (Interlocked.Increment(ref answers) is > 20 and < 1000)
                    return null;
                Interlocked.Add(ref sent, data.Length);
                return data;
            },
        };
        await using SwarmMember member = Download(s_sample, seed, options => options with { StallTimeout = TimeSpan.FromSeconds(100) }, time);
        await time.UntilAsync(() => Volatile.Read(ref answers) >= 20 && member.Transfer.GetSnapshot().Downloaded == Interlocked.Read(ref sent), 0.1, 8, () => member.LogText);
        await member.Transfer.PauseAsync(Token);
        Assert.True(member.Transfer.IsPaused);
        await seed.Gone.WaitAsync(s_limit, Token);
        TorrentDownload paused = member.Transfer.GetSnapshot();
        Assert.Equal((TorrentState.Paused, 0), (paused.State, paused.PeersConnected));
        Assert.Equal([], await member.Transfer.GetPeersAsync(Token));

        // Not stalled, and no peer is dialled, however long it takes.
        for (int i = 0; i < 30; i++)
            await member.PassAsync(time, 10);
        Assert.Equal((1, sent, TorrentState.Paused), (seed.Connections, member.Transfer.GetSnapshot().Downloaded, member.Transfer.GetSnapshot().State));

        Volatile.Write(ref answers, 1000);
        member.Transfer.Resume();
        Assert.False(member.Transfer.IsPaused);
        TorrentDownload result = await member.EndAsync(time);
        AssertIs(result, TorrentState.Completed);
        Assert.Equal((2, s_sample.Torrent.Length), (seed.Connections, result.Downloaded - result.Wasted));
        Assert.Equal(s_sample.Content, ReadFile(member, s_sample, 0));
    }

    [Fact]
    public async Task A_paused_seed_accepts_no_connections_until_it_is_resumed()
    {
        FakeTimeProvider time = new();
        TorrentClientOptions client = new() { TimeProvider = time };
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { Sources = s_manual }, client: client);
        await seed.Transfer.PauseAsync(Token);
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => options with { Sources = s_manual }, client);
        await leecher.LogsAsync($"Peer {seed.EndPoint}: Closed", time, 100);
        Assert.Equal((0, 0L), (seed.Transfer.GetSnapshot().PeersConnected, seed.Transfer.GetSnapshot().Uploaded));
        seed.Transfer.Resume();
        AssertIs(await leecher.EndAsync(time, 1000, 0.5), TorrentState.Completed);
    }

    [Fact]
    public async Task Paused_from_its_start_it_announces_and_connects_nothing()
    {
        // The data of an earlier run is known by its resume file, so that there is no check that the pause would hold.
        using ScriptedSeed first = new(s_sample) { Answer = (block, data) => block.Piece < 8 ? data : null };
        await using SwarmMember earlier = Download(s_sample, first, options => options with { Sequential = true });
        await earlier.UntilAsync(status => status.BytesCompleted >= 65536);
        await earlier.StopAsync();
        using ScriptedSeed seed = new(s_sample);
        TaskCompletionSource<TorrentTransfer> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        TorrentTransfer transfer = client.StartDownload(
            new TorrentInfo(s_sample.Torrent), new DownloadOptions { Destination = earlier.Destination, Peers = [seed.EndPoint], Sources = s_manual },
            new Reports(status =>
            {
                if (status.State == TorrentState.Checking)
                    started.Task.Result.PauseAsync(Token).Wait(Token);
            }), Token);
        started.SetResult(transfer);
        await WaitForAsync(() => transfer.IsPaused);
        await transfer.SetPieceDeadlineAsync(0, null, Token).WaitAsync(s_limit, Token); // not before its loop runs
        Assert.Equal((0, 0, TorrentState.Paused), (seed.Connections, client.ListenPort, transfer.GetSnapshot().State));
        transfer.Resume();
        AssertIs(await transfer.Completion.WaitAsync(s_limit, Token), TorrentState.Completed);
    }

    [Fact]
    public async Task The_time_out_of_a_paused_transfer_continues()
    {
        FakeTimeProvider time = new();
        using ScriptedSeed silent = new(s_sample) { Answer = (_, _) => null };
        await using SwarmMember member = Download(s_sample, silent, options => options with { Timeout = TimeSpan.FromSeconds(50) }, time);
        await silent.FirstRequest.WaitAsync(s_limit, Token);
        await member.Transfer.PauseAsync(Token);
        AssertIs(await member.EndAsync(time, step: 1), TorrentState.TimedOut, TorrentErrorId.DownloadTimedOut);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Verification_stops_during_a_pause(bool isStopped)
    {
        Sample large = Sample.Make(1 << 20, 17, ("large.bin", (4 * Environment.ProcessorCount) << 20));
        using TemporaryFolder folder = new();
        large.Lay(folder.Path, [0]);
        TaskCompletionSource<TorrentTransfer> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TorrentClient client = new(new TorrentClientOptions { Port = 0 });
        TorrentTransfer transfer = client.StartDownload(
            new TorrentInfo(large.Torrent), new DownloadOptions { Destination = folder.Path, Recheck = true, Sources = s_manual },
            new Reports(status =>
            {
                if (status is { State: TorrentState.Checking, PercentChecked: 0 })
                    started.Task.Result.PauseAsync(Token).Wait(Token);
            }), Token);
        started.SetResult(transfer);
        await WaitForAsync(() => transfer.GetSnapshot().PercentChecked > 0);
        // By the time that another check of the same data has ended, this one would have, too.
        await foreach (TorrentDataReport report in client.TestDataAsync(new TorrentInfo(large.Torrent), new TestDataOptions { Folder = folder.Path }, null, Token))
            Assert.Equal(TorrentDataStatus.Complete, report.Status);
        Assert.Equal(TorrentState.Paused, transfer.GetSnapshot().State);
        Assert.InRange(transfer.GetSnapshot().PercentChecked, 1, 50); // each thread its current piece
        if (isStopped)
            transfer.Stop();
        else
            transfer.Resume();
        AssertIs(await transfer.Completion.WaitAsync(s_limit, Token), isStopped ? TorrentState.Stopped : TorrentState.Completed, isStopped ? TorrentErrorId.DownloadStopped : null);
    }

    [Fact]
    public async Task A_magnet_link_is_not_resolved_during_a_pause()
    {
        using ScriptedSeed seed = new(s_sample); // it supports no extensions, and so sends no metadata
        Torrent link = Torrent.FromLink(MagnetLink.Parse($"magnet:?xt=urn:btih:{s_sample.Torrent.InfoHash}&x.pe={seed.EndPoint}"));
        await using SwarmMember member = SwarmMember.Download(link, null, [], options => options with { Sources = s_manual });
        await WaitForAsync(() => seed.Connections == 1);
        await member.Transfer.PauseAsync(Token);
        await seed.Gone.WaitAsync(s_limit, Token);
        Assert.Equal(TorrentState.Paused, member.Transfer.GetSnapshot().State);
        Assert.Equal([], await member.Transfer.GetFilesAsync(Token));
        Assert.False(member.Transfer.Torrent.HasMetadata);
        member.Transfer.Resume();
        await WaitForAsync(() => seed.Connections == 2);
        Assert.Equal(TorrentState.Resolving, member.Transfer.GetSnapshot().State);
        await member.Transfer.PauseAsync(Token);
        member.Transfer.Stop();
        AssertIs(await member.EndAsync(), TorrentState.Stopped, TorrentErrorId.DownloadStopped);
    }

    [Fact]
    public async Task A_stop_during_a_pause_ends_it_with_the_data_so_far()
    {
        using ScriptedSeed seed = new(s_sample) { Answer = (block, data) => block.Piece < 8 ? data : null };
        await using SwarmMember member = Download(s_sample, seed, options => options with { Sequential = true });
        await member.UntilAsync(status => status.BytesCompleted >= 65536);
        await member.Transfer.PauseAsync(Token);
        TorrentDownload result = await member.StopAsync();
        AssertIs(result, TorrentState.Stopped, TorrentErrorId.DownloadStopped);
        Assert.True(result.BytesCompleted >= 65536);
        using ScriptedSeed whole = new(s_sample);
        await using SwarmMember next = Download(s_sample, whole, destination: member.Destination);
        result = await next.EndAsync();
        AssertIs(result, TorrentState.Completed);
        Assert.InRange(result.Downloaded, 1, s_sample.Torrent.Length - 65536);
    }
}
