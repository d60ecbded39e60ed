using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Super-seeding (BEP 16).</summary>
public sealed class SuperSeedTests : InteropTest
{
    [Fact(Timeout = Limits.Test)]
    public async Task Two_libtorrents_complete_and_little_more_than_one_copy_is_sent()
    {
        var payload = Payload.SingleFile("super.bin", 4_000_001);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 32 << 10);
        await using OwnPeer seeder = OwnPeer.Start(torrent, OwnPeer.Options(Source(payload)) with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan, Timeout = null, SuperSeed = true });
        await seeder.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        await using LibtorrentPeer first = await LibtorrentPeer.StartAsync(torrent, Temp.Folder("first"));
        await using LibtorrentPeer second = await LibtorrentPeer.StartAsync(torrent, Temp.Folder("second"));
        first.Connect(second.EndPoint);
        await first.UntilAsync(status => status.Peers.Length == 1, "is connected to the other");

        first.Connect(seeder.EndPoint);
        second.Connect(seeder.EndPoint);
        await Task.WhenAll(first.UntilCompleteAsync(), second.UntilCompleteAsync());

        payload.AssertIn(Temp.Folder("first"));
        payload.AssertIn(Temp.Folder("second"));
        long uploaded = (await seeder.StopAsync()).Uploaded;
        Assert.InRange(uploaded, payload.Length, payload.Length * 3 / 2);
    }
}
