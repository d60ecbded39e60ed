using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>A private DHT of libtorrent's nodes and ours; peers find each other only through it.</summary>
public sealed class DhtTests : InteropTest
{
    private const int OwnNodes = 20;

    private static readonly Payload s_payload = Payload.SingleFile("by-dht.bin", 1_000_000);

    [Fact(Timeout = Limits.Test)]
    public async Task We_find_libtorrent_and_download_from_it()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        TestTorrent other = TestTorrent.Create(Payload.SingleFile("other.bin", 1000), Temp.Path);
        await using LibtorrentPeer entry = await LibtorrentPeer.StartAsync(other, Temp.Folder("entry"), dhtNodes: []);
        await using LibtorrentPeer second = await LibtorrentPeer.StartAsync(other, Temp.Folder("second"), dhtNodes: [entry.EndPoint]);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), dhtNodes: [entry.EndPoint]);
        await using OwnPeer downloader = OwnPeer.Start(torrent, ByDht(Target), dhtNodes: ["127.0.0.1:1", entry.EndPoint.ToString()]);

        TorrentDownload result = await downloader.UntilCompletedAsync();

        Assert.Equal(1, result.PeersSeen);
        s_payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_finds_us_through_one_of_our_nodes()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        TestTorrent other = TestTorrent.Create(Payload.SingleFile("other.bin", 1000), Temp.Path);
        await using LibtorrentPeer entry = await LibtorrentPeer.StartAsync(other, Temp.Folder("entry"), dhtNodes: []);
        await using OwnPeer seeder = OwnPeer.Start(torrent, ByDht(Source(s_payload)) with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan, Timeout = null }, dhtNodes: [entry.EndPoint.ToString()]);
        await seeder.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        // It enters through our node only, so it depends on our answers.
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, Target, dhtNodes: [seeder.EndPoint]);

        await downloader.UntilCompleteAsync();

        s_payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_DHT_search_alone_finds_libtorrent()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using LibtorrentPeer entry = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), dhtNodes: []);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), dhtNodes: [entry.EndPoint]);
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0, DhtBootstrap = [entry.EndPoint.ToString()] });
        HashSet<string> expected = [seeder.EndPoint.ToString()];

        // libtorrent announces a second after it has entered the DHT.
        HashSet<string> found = [];
        await Until.TrueAsync(async () =>
        {
            await foreach (TorrentPeer peer in client.FindPeersAsync(torrent.Info, new PeerSearchOptions { Sources = [PeerSource.Dht] }, Token))
            {
                Assert.Equal(PeerSource.Dht, peer.Source);
                found.Add(peer.EndPoint);
            }

            return expected.IsSubsetOf(found);
        }, Limits.Transfer, "the search names the seeder", () => string.Join(' ', found));
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_magnet_link_without_trackers_and_peers_is_resolved_and_downloaded()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        TestTorrent other = TestTorrent.Create(Payload.SingleFile("other.bin", 1000), Temp.Path);
        await using LibtorrentPeer entry = await LibtorrentPeer.StartAsync(other, Temp.Folder("entry"), dhtNodes: []);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), dhtNodes: [entry.EndPoint]);
        await using var client = new TorrentClient(new TorrentClientOptions { Port = Loopback.FreePort(), DhtBootstrap = [entry.EndPoint.ToString()] });

        TorrentInfo link = new(MagnetLink.Parse($"magnet:?xt=urn:btih:{torrent.InfoHash}"));
        TorrentDownload result = await client.DownloadAsync(link, ByDht(Target), null, Token);

        Assert.True(result.State == TorrentState.Completed, $"{result} {result.ErrorId} {result.Error}");
        s_payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Twenty_of_our_nodes_find_each_other_through_one()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        Payload otherPayload = Payload.SingleFile("other.bin", 1000);
        TestTorrent other = TestTorrent.Create(otherPayload, Temp.Path);
        // The entry knows no other node, and has nothing to do with the torrent.
        await using OwnPeer entry = OwnPeer.Start(other, Seeding(Source(otherPayload)) with { SeedOnly = true }, dhtNodes: ["127.0.0.1:1"]);
        await entry.UntilAsync(status => status.State == TorrentState.Seeding, "seeds another torrent");
        List<OwnPeer> nodes = [];
        try
        {
            string[] entryAlone = [entry.EndPoint.ToString()];
            nodes.Add(OwnPeer.Start(torrent, Seeding(Source(s_payload)) with { SeedOnly = true }, dhtNodes: entryAlone));
            for (int i = 1; i < OwnNodes; i++)
                nodes.Add(OwnPeer.Start(torrent, Seeding(Temp.Folder($"node{i}")), dhtNodes: entryAlone));

            foreach (OwnPeer node in nodes)
                await node.UntilAsync(status => status.State == TorrentState.Seeding, "has all, by the DHT alone");

            for (int i = 1; i < OwnNodes; i++)
                s_payload.AssertIn(Path.Combine(Temp.Path, $"node{i}"));
        }
        finally
        {
            foreach (OwnPeer node in nodes)
                await node.DisposeAsync();
        }
    }

    private static DownloadOptions Seeding(string folder) => ByDht(folder) with { SeedTime = Timeout.InfiniteTimeSpan, Timeout = null };

    private static DownloadOptions ByDht(string folder) => new() { Destination = folder, Sources = [PeerSource.Dht], Timeout = Limits.Transfer };
}
