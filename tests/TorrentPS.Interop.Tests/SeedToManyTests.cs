using TorrentPS.Engine.Net;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Several clients download from us at once, including one without another test.</summary>
public sealed class SeedToManyTests : InteropTest
{
    private const int Many = 20;
    private const int OfEachOther = 4;
    private const int Libtorrents = Many - 2 * OfEachOther;
    private const int Ours = 30;

    [Fact(Timeout = Limits.Test)]
    public async Task Aria2_gets_every_byte()
    {
        string aria2 = Installed.Require("aria2c", "aria2");
        var payload = Payload.SingleFile("aria2.bin", 3_000_001);
        await using TrackerServer tracker = TrackerServer.Start(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 64 << 10, tracker.AnnounceUri.ToString());
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(payload));
        await Until.TrueAsync(() => tracker.PeerCount == 1, Limits.Start, "our seeder is known to the tracker");
        await using ExternalProcess process = ExternalProcess.Start(aria2, Aria2(Target, torrent), Temp.Path);

        Assert.Equal(0, await process.WaitForExitAsync(Limits.Transfer));

        payload.AssertIn(Target);
        Assert.True((await seeder.StopAsync()).Uploaded >= payload.Length);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Twenty_libtorrents_get_every_byte_at_once()
    {
        var payload = Payload.SingleFile("many.bin", 2_000_001);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 32 << 10);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(payload));
        await using LibtorrentCrowd crowd = await LibtorrentCrowd.StartAsync(torrent, Target, Many, seeder.EndPoint);

        await crowd.UntilAsync(status => status.Complete == Many, "have all");

        for (int i = 0; i < Many; i++)
            payload.AssertIn(Path.Combine(Target, $"{i}"));
        TorrentDownload served = await seeder.StopAsync();
        Assert.True(served.Uploaded >= payload.Length, $"{served.Uploaded} bytes were sent.");
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Twenty_of_three_kinds_get_every_byte_at_once()
    {
        string aria2 = Installed.Require("aria2c", "aria2");
        var payload = Payload.SingleFile("kinds.bin", 2_000_001);
        await using TrackerServer tracker = TrackerServer.Start(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 32 << 10, tracker.AnnounceUri.ToString());
        List<TransmissionPeer> transmissions = [];
        List<ExternalProcess> arias = [];
        try
        {
            for (int i = 0; i < OfEachOther; i++)
                transmissions.Add(await TransmissionPeer.StartAsync(torrent, Temp.Folder($"transmission{i}"), Temp));
            // Slow until all are connected at the same time.
            RateLimit limit = new(100 << 10);
            await using OwnPeer seeder = OwnPeer.Start(torrent, OwnPeer.Options(Source(payload), [.. transmissions.Select(peer => peer.EndPoint)]) with
            {
                SeedOnly = true,
                SeedTime = Timeout.InfiniteTimeSpan,
                Timeout = null,
                SharedUploadLimit = limit,
            });
            // aria2 asks the tracker once: our seeder must be listed by then.
            await Until.TrueAsync(() => tracker.PeerCount > OfEachOther, Limits.Start, "our seeder is known to the tracker");
            await using LibtorrentCrowd crowd = await LibtorrentCrowd.StartAsync(torrent, Temp.Folder("crowd"), Libtorrents, seeder.EndPoint);
            for (int i = 0; i < OfEachOther; i++)
                arias.Add(ExternalProcess.Start(aria2, Aria2(Temp.Folder($"aria{i}"), torrent), Temp.Path));

            await seeder.UntilAsync(status => status.PeersConnected >= Many, "has twenty peers at once");
            limit.BytesPerSecond = 0;
            await crowd.UntilAsync(status => status.Complete == Libtorrents, "have all");
            foreach (ExternalProcess aria in arias)
                Assert.Equal(0, await aria.WaitForExitAsync(Limits.Transfer));
            foreach (TransmissionPeer transmission in transmissions)
                await transmission.UntilCompleteAsync();

            for (int i = 0; i < OfEachOther; i++)
            {
                payload.AssertIn(Path.Combine(Temp.Path, $"transmission{i}"));
                payload.AssertIn(Path.Combine(Temp.Path, $"aria{i}"));
            }

            for (int i = 0; i < Libtorrents; i++)
                payload.AssertIn(Path.Combine(Temp.Path, "crowd", $"{i}"));
        }
        finally
        {
            foreach (TransmissionPeer transmission in transmissions)
                await transmission.DisposeAsync();
            foreach (ExternalProcess aria in arias)
                await aria.DisposeAsync();
        }
    }

    private static string[] Aria2(string folder, TestTorrent torrent) =>
    [
        "--no-conf", $"--dir={folder}", "--seed-time=0", $"--listen-port={Loopback.FreePort()}", $"--interface={Loopback.Next().Address}",
        "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--file-allocation=none", "--allow-overwrite=true", torrent.Path,
    ];

    [Fact(Timeout = Limits.Test)]
    public async Task Thirty_downloads_get_most_of_the_data_from_each_other()
    {
        var payload = Payload.SingleFile("crowd.bin", 2 << 20);
        await using TrackerServer tracker = TrackerServer.Start(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 32 << 10, tracker.AnnounceUri.ToString());
        // So slow that the others' pieces are worth requesting, as with a real uplink.
        await using OwnPeer seeder = OwnPeer.Start(torrent, OwnPeer.Options(Source(payload)) with
        {
            SeedOnly = true,
            SeedTime = Timeout.InfiniteTimeSpan,
            Timeout = null,
            UploadLimit = 1 << 20,
        });
        await seeder.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        await Until.TrueAsync(() => tracker.PeerCount == 1, Limits.Start, "our seeder is known to the tracker");
        string[] targets = [.. Enumerable.Range(0, Ours).Select(i => Temp.Folder($"target{i}"))];

        // Each leaves when it is complete, as a download does.
        TorrentDownload[] results = await Task.WhenAll(targets.Select(target => OwnPeer.DownloadAsync(torrent, OwnPeer.Options(target))));

        foreach (string target in targets)
            payload.AssertIn(target);
        TorrentDownload served = await seeder.StopAsync();
        long received = results.Sum(result => result.Downloaded);
        double fromPeers = 1 - (double)served.Uploaded / received;
        TestContext.Current.TestOutputHelper?.WriteLine($"{fromPeers:0.0 %} came from other downloaders; the seeder sent {(double)served.Uploaded / payload.Length:0.0} payloads to {Ours}");
        Assert.True(served.Uploaded < Ours / 2 * payload.Length, $"The seeder sent {served.Uploaded} bytes, {(double)served.Uploaded / payload.Length:0.0} payloads.");
        Assert.Equal(0, served.Downloaded);
    }
}
