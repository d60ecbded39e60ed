using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>A swarm of our own clients only.</summary>
public sealed class OwnSwarmTests : InteropTest
{
    [Fact(Timeout = Limits.Test)]
    public async Task Three_downloads_complete_from_one_seed_and_exchange_data()
    {
        var payload = Payload.SingleFile("swarm.bin", 8 << 20);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 64 << 10);
        string first = Temp.Folder("first"), second = Temp.Folder("second");
        // A slow seeder, so that the two have reason to exchange data.
        await using OwnPeer seeder = OwnPeer.Start(torrent, OwnPeer.Options(Source(payload)) with
        {
            SeedOnly = true,
            SeedTime = Timeout.InfiniteTimeSpan,
            Timeout = null,
            UploadLimit = 2 << 20,
        });
        await seeder.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        await using OwnPeer one = OwnPeer.Start(torrent, OwnPeer.Options(first, seeder.EndPoint) with { SeedTime = Timeout.InfiniteTimeSpan });
        await using OwnPeer two = OwnPeer.Start(torrent, OwnPeer.Options(second, seeder.EndPoint, one.EndPoint) with { SeedTime = Timeout.InfiniteTimeSpan });

        await one.UntilAsync(status => status.BytesCompleted == payload.Length, "the first has all");
        await two.UntilAsync(status => status.BytesCompleted == payload.Length, "the second has all");
        TorrentDownload[] results = [await one.StopAsync(), await two.StopAsync(), await seeder.StopAsync()];

        payload.AssertIn(first);
        payload.AssertIn(second);
        Assert.True(results[0].Uploaded > 0 && results[1].Uploaded > 0, $"The two sent {results[0].Uploaded} and {results[1].Uploaded} bytes.");
        Assert.True(results[2].Uploaded < 2 * payload.Length, $"The seeder sent {results[2].Uploaded} bytes, all that both need.");
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_client_that_gets_its_own_address_completes_from_other_peers()
    {
        var payload = Payload.SingleFile("self.bin", 100_000);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(payload));
        int port = Loopback.FreePort();
        await using Engine.TorrentClient client = new(new Engine.TorrentClientOptions { Port = port, RequirePort = true });

        TorrentDownload result = await client.DownloadAsync(torrent.Info, OwnPeer.Options(Target, new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port), seeder.EndPoint), null, Token);

        Assert.Equal(TorrentState.Completed, result.State);
        payload.AssertIn(Target);
    }
}
