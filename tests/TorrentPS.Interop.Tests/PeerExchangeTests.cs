using TorrentPS.Engine.Swarm;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Peer exchange (BEP 11) with libtorrent, in both directions.</summary>
public sealed class PeerExchangeTests : InteropTest
{
    private const int Slow = 50_000; // bytes a second, so that all know each other before one completes

    private readonly Payload _payload = Payload.SingleFile("exchange.bin", 8 << 20);

    private static DownloadOptions Exchanging(DownloadOptions options) => options with { Sources = [PeerSource.Manual, PeerSource.PeerExchange] };

    [Fact(Timeout = Limits.Test)]
    public async Task We_learn_of_a_peer_from_libtorrent()
    {
        TestTorrent torrent = TestTorrent.Create(_payload, Temp.Path);
        await using LibtorrentPeer seed = await LibtorrentPeer.SeedAsync(torrent, Source(_payload), Slow, pex: true);
        await using LibtorrentPeer other = await LibtorrentPeer.StartAsync(torrent, Temp.Folder("other"), pex: true);
        other.Connect(seed.EndPoint);
        await other.UntilAsync(status => status.Peers.Length > 0, "has connected to the seed");

        await using OwnPeer own = OwnPeer.Start(torrent, Exchanging(OwnPeer.Options(Target, seed.EndPoint)));

        await own.UntilAsync(status => status.PeersConnected == 2, "knows the other by the seed");
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_learns_of_a_peer_from_us()
    {
        TestTorrent torrent = TestTorrent.Create(_payload, Temp.Path);
        await using OwnPeer seed = OwnPeer.Start(torrent, Exchanging(OwnPeer.Options(Source(_payload))) with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan, Timeout = null, UploadLimit = Slow });
        await seed.UntilAsync(status => status.State == TorrentState.Seeding, "seeds");
        // It uses no other source of peers: only the seed can have sent its address.
        await using OwnPeer named = OwnPeer.Start(torrent, OwnPeer.Options(Temp.Folder("named"), seed.EndPoint) with { Sources = [PeerSource.Manual] });
        await named.UntilAsync(status => status.PeersConnected == 1, "is connected to the seed");

        await using LibtorrentPeer learner = await LibtorrentPeer.StartAsync(torrent, Target, pex: true);
        learner.Connect(seed.EndPoint);

        await learner.UntilAsync(status => status.Peers.Contains(named.EndPoint.ToString()), "has connected to the one that we named");
    }
}
