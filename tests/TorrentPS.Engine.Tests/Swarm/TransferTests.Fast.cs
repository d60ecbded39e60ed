using Microsoft.Extensions.Time.Testing;

namespace TorrentPS.Engine.Tests.Swarm;

/// <content>The fast extension (BEP 6) in a download.</content>
public sealed partial class TransferTests
{
    [Fact]
    public async Task Rejected_blocks_are_requested_from_another_peer_at_once()
    {
        using ScriptedSeed refusing = new(s_sample) { IsFast = true, Answer = (_, _) => null };
        using ScriptedSeed honest = new(s_sample) { IsFast = true };
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [refusing.EndPoint, honest.EndPoint]);
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Completed, s_sample.Torrent.Length, 0L), (result.State, result.Downloaded, result.Wasted));
        AssertSame(s_sample, leecher.Destination, 0);
        Assert.Equal(1, refusing.Connections); // a rejection is no violation
        Assert.Equal(refusing.Requests.Count, refusing.Requests.Distinct().Count()); // no block was requested twice
    }

    [Fact]
    public async Task A_peer_that_rejected_a_request_is_asked_again_after_a_while()
    {
        int asked = 0;
        using ScriptedSeed busy = new(s_sample) { IsFast = true, Answer = (_, data) => Interlocked.Increment(ref asked) <= 5 ? null : data };
        FakeTimeProvider time = new();
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [busy.EndPoint], client: new TorrentClientOptions { TimeProvider = time });
        Assert.Equal(TorrentState.Completed, (await leecher.EndAsync(time)).State);
        AssertSame(s_sample, leecher.Destination, 0);
        Assert.Equal(1, busy.Connections);
    }

    [Fact]
    public async Task Pieces_allowed_by_a_choking_peer_are_downloaded()
    {
        using ScriptedSeed choking = new(s_sample) { IsFast = true, AllowedFast = [.. Enumerable.Range(0, s_sample.Torrent.PieceCount)] };
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [choking.EndPoint]);
        TorrentDownload result = await leecher.EndAsync();
        Assert.Equal((TorrentState.Completed, s_sample.Torrent.Length), (result.State, result.Downloaded));
        AssertSame(s_sample, leecher.Destination, 0);
    }

    [Fact]
    public async Task Nothing_else_of_it_is_requested()
    {
        using ScriptedSeed choking = new(s_sample) { IsFast = true, AllowedFast = [2, 5] };
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [choking.EndPoint]);
        await leecher.UntilAsync(status => status.BytesCompleted == s_sample.Torrent.LengthOfPiece(2) + s_sample.Torrent.LengthOfPiece(5));
        await leecher.StopAsync();
        Assert.Equal([2, 5], choking.Requests.Select(block => block.Piece).Distinct().Order());
    }

    [Fact]
    public async Task A_super_seed_gives_everything_to_a_single_peer()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { SuperSeed = true });
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint]);
        Assert.Equal(TorrentState.Completed, (await leecher.EndAsync()).State);
        AssertSame(s_sample, leecher.Destination, 0);
    }
}
