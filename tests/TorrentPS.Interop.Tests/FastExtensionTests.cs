using TorrentPS.Engine;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>The fast extension (BEP 6) with others that speak it; all other tests use it, too, since nobody can switch it off.</summary>
public sealed class FastExtensionTests : InteropTest
{
    [Fact(Timeout = Limits.Test)]
    public async Task From_a_libtorrent_that_unchokes_nobody_the_allowed_pieces_come()
    {
        var payload = Payload.SingleFile("allowed.bin", 4 * (128 << 10) + 1000); // five pieces, which libtorrent allows all
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 128 << 10);
        await using LibtorrentPeer seeder = await LibtorrentPeer.StartAsync(torrent, Source(payload), choking: true);

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        payload.AssertIn(Target);
        Assert.Equal(payload.Length, result.Downloaded - result.Wasted);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Both_are_known_to_speak_it()
    {
        var payload = Payload.SingleFile("fast.bin", 100_000);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path);
        string source = Source(payload);
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.SeedAsync(torrent, source);
        await using OwnPeer own = await OwnPeer.SeedAsync(torrent, source);
        await using TorrentClient client = new();
        foreach (System.Net.IPEndPoint endPoint in new[] { libtorrent.EndPoint, own.EndPoint })
        {
            PeerHandshake handshake = await client.TestHandshakeAsync(endPoint, torrent.Info.Torrent.InfoHash, cancellationToken: Token);
            Assert.True(handshake.SupportsFast, $"{handshake.Client} {handshake.Status} {handshake.Reserved}");
        }
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Two_that_have_everything_do_not_stay_connected()
    {
        var payload = Payload.SingleFile("seeds.bin", 100_000);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path);
        string source = Source(payload);
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.SeedAsync(torrent, source);
        await using OwnPeer own = await OwnPeer.SeedAsync(torrent, source, libtorrent.EndPoint);
        await own.UntilAsync(status => status.PeersConnected == 0 && own.Log.Contains($"Peer {libtorrent.EndPoint} closed: NothingToDo", StringComparison.Ordinal), "is alone again");
    }
}
