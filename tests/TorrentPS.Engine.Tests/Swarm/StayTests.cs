using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm.WebSeeds;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A complete download stays for a peer that has no other source, in simulated time.</summary>
public sealed class StayTests
{
    private static readonly Sample s_sample = Sample.Make(65536, 5, ("data.bin", 4 * 65536));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Connects a peer that has nothing and is interested.</summary>
    private static async Task<Socket> ConnectAsync(SwarmMember member)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(member.EndPoint, Token);
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, s_sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes("-XX0000-needs a copy"));
        await socket.SendAsync(handshake, Token);
        await member.LogsAsync("connected:");
        await socket.SendAsync(new byte[] { 0, 0, 0, 1, (byte)MessageId.Interested }, Token);
        return socket;
    }

    private static SwarmMember Start(WebSeedServer server, FakeTimeProvider time, TimeSpan? stay = null) => SwarmMember.Download(
        s_sample.Torrent, null, [], options => options with { Sources = [TorrentPS.PeerSource.Manual], WebSeeds = [server.Root], WebSeedDelay = TimeSpan.FromSeconds(20), StayTime = stay ?? options.StayTime },
        new TorrentClientOptions { TimeProvider = time });

    [Fact]
    public async Task It_stays_while_it_is_needed_and_that_is_not_counted()
    {
        using WebSeedServer server = new(s_sample);
        FakeTimeProvider time = new();
        await using SwarmMember leecher = Start(server, time);
        await leecher.ListensAsync();
        using Socket needy = await ConnectAsync(leecher);
        await time.UntilAsync(() => leecher.LogText.Contains("stays", StringComparison.Ordinal) || leecher.Result.IsCompleted, 0.5, 200, () => leecher.LogText);
        Assert.False(leecher.Result.IsCompleted, leecher.LogText);
        DateTimeOffset complete = time.GetUtcNow();
        await leecher.PassAsync(time, 10);
        Assert.False(leecher.Result.IsCompleted, leecher.LogText);
        needy.Close();
        TorrentDownload result = await leecher.EndAsync(time);
        Assert.Equal(TorrentState.Completed, result.State);
        Assert.NotNull(result.CompletedAt);
        Assert.True(result.CompletedAt <= complete && time.GetUtcNow() - result.CompletedAt >= TimeSpan.FromSeconds(10));
        Assert.True(result.Elapsed <= complete - s_start, $"{result.Elapsed}");
    }

    private static readonly DateTimeOffset s_start = new FakeTimeProvider().GetUtcNow();

    [Fact]
    public async Task It_leaves_after_half_a_minute_although_it_is_needed()
    {
        using WebSeedServer server = new(s_sample);
        FakeTimeProvider time = new();
        await using SwarmMember leecher = Start(server, time);
        await leecher.ListensAsync();
        using Socket needy = await ConnectAsync(leecher);
        await time.UntilAsync(() => leecher.LogText.Contains("stays", StringComparison.Ordinal) || leecher.Result.IsCompleted, 0.5, 200, () => leecher.LogText);
        Assert.False(leecher.Result.IsCompleted, leecher.LogText);
        DateTimeOffset complete = time.GetUtcNow();
        TorrentDownload result = await leecher.EndAsync(time);
        Assert.InRange((time.GetUtcNow() - complete).TotalSeconds, 25, 60);
        Assert.Equal(TorrentState.Completed, result.State);
    }

    [Fact]
    public async Task It_does_not_stay_where_that_is_not_wanted()
    {
        using WebSeedServer server = new(s_sample);
        FakeTimeProvider time = new();
        await using SwarmMember leecher = Start(server, time, TimeSpan.Zero);
        await leecher.ListensAsync();
        using Socket needy = await ConnectAsync(leecher);
        TorrentDownload result = await leecher.EndAsync(time);
        Assert.Equal(TorrentState.Completed, result.State);
        Assert.DoesNotContain("stays", leecher.LogText, StringComparison.Ordinal);
    }
}
