using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <content>Faults around a download.</content>
public sealed partial class TransferTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(-10)]
    public async Task A_clock_that_is_set_neither_ends_nor_delays_a_download(double years)
    {
        FakeTimeProvider time = new();
        time.SetUtcNow(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        JumpingTimeProvider clock = new(time);
        using ScriptedSeed seed = new(s_sample);
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint],
            options => options with { DownloadLimit = 100_000, StallTimeout = TimeSpan.FromSeconds(30), Timeout = TimeSpan.FromMinutes(3) }, new TorrentClientOptions { TimeProvider = clock });
        Task<TorrentDownload> half = leecher.UntilAsync(status => status.BytesCompleted > 300_000);
        await time.UntilAsync(() => half.IsCompleted, 0.05);
        await half;
        clock.Jump(TimeSpan.FromDays(365 * years));
        TorrentDownload result = await leecher.EndAsync(time, step: 0.05);
        Assert.True(result.State == TorrentState.Completed, result.Error);
        Assert.True(result.Elapsed.TotalSeconds >= 5, $"{result.Elapsed}");
        AssertSame(s_sample, leecher.Destination, 0);
    }

    /// <summary>Where open files can be removed, writes to them succeed to the very end.</summary>
    [Fact]
    public async Task A_file_removed_just_before_the_end_is_not_complete()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "An open file cannot be removed.");
        using TemporaryFolder folder = new();
        string target = folder["target"];
        int asked = 0;
        using ScriptedSeed seed = new(s_sample)
        {
            Answer = (_, data) =>
            {
                if (Interlocked.Increment(ref asked) == 50) // of 62
                    Directory.Delete(target, recursive: true);
                return data;
            },
        };
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, target, [seed.EndPoint]);
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Failed, TorrentErrorId.AccessDenied, 0L), (result.State, result.ErrorId, result.BytesCompleted));
        Assert.False(Directory.Exists(target));
    }

    [Fact]
    public async Task All_peers_leave_and_come_back_later()
    {
        FakeTimeProvider time = new();
        bool isAway = false;
        using ScriptedSeed seed = new(s_sample) { ClosesAtOnce = _ => Volatile.Read(ref isAway), Answer = (_, data) => Volatile.Read(ref isAway) ? null : data };
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => options with { DownloadLimit = 100_000 }, new TorrentClientOptions { TimeProvider = time });
        Task<TorrentDownload> some = leecher.UntilAsync(status => status.BytesCompleted > 200_000);
        await time.UntilAsync(() => some.IsCompleted, 0.05);
        await some;

        // It is silent, is dropped for that, and closes each new connection for a quarter of an hour.
        Volatile.Write(ref isAway, true);
        for (double passed = 0; passed < 900; passed += 1)
            await leecher.PassAsync(time, 1);
        Assert.False(leecher.Result.IsCompleted);
        Volatile.Write(ref isAway, false);
        TorrentDownload result = await leecher.EndAsync(time, step: 0.05, atMost: 800);
        Assert.True(result.State == TorrentState.Completed, result.Error + leecher.LogText);
        AssertSame(s_sample, leecher.Destination, 0);
    }
}
