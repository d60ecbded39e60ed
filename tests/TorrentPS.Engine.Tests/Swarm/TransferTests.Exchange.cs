using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;

namespace TorrentPS.Engine.Tests.Swarm;

public sealed partial class TransferTests
{
    private static DownloadOptions By(DownloadOptions options, params PeerSource[] sources) => options with { Sources = [PeerSource.Manual, .. sources] };

    [Fact]
    public async Task Peers_that_know_only_a_third_find_each_other_by_peer_exchange()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => By(options, PeerSource.PeerExchange) with { UploadLimit = 20_000 });
        await using SwarmMember one = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => By(options, PeerSource.PeerExchange));
        await one.UntilAsync(status => status.PeersConnected == 1);
        await using SwarmMember two = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => By(options, PeerSource.PeerExchange));
        await one.UntilAsync(status => status.PeersConnected == 2);
        await two.UntilAsync(status => status.PeersConnected == 2);
        Assert.Contains("sent 1 peer, 1 new", one.LogText + two.LogText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Peer_exchange_is_not_done_if_disabled()
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => By(options, PeerSource.PeerExchange));
        await using SwarmMember one = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => By(options) with { SeedTime = Timeout.InfiniteTimeSpan });
        await one.UntilAsync(status => status.State == TorrentState.Seeding);
        await using SwarmMember two = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => By(options, PeerSource.PeerExchange));
        TorrentDownload result = await two.EndAsync();
        Assert.Equal((TorrentState.Completed, 1), (result.State, result.PeersConnected));
        Assert.DoesNotContain("named", one.LogText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asking_for_a_private_torrents_peers_elsewhere_ends_with_the_reason()
    {
        Torrent torrent = Tests.Discovery.DiscoveryData.Private();
        await using SwarmMember alone = SwarmMember.Download(torrent, null, [], options => options with { Sources = [PeerSource.Dht] });
        TorrentDownload result = await alone.EndAsync();
        Assert.Equal((TorrentState.Failed, TorrentErrorId.NoPeers), (result.State, result.ErrorId));
        Assert.Contains("private torrent", result.Error, StringComparison.Ordinal);
    }
}
