using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Transfers over uTP (BEP 29) with peers without TCP, on a good line and on a bad one.</summary>
public sealed class UtpTests : InteropTest
{
    private static readonly Payload s_payload = Payload.SingleFile("utp.bin", (6 << 20) + 5);
    private static readonly Payload s_small = Payload.SingleFile("lossy.bin", (1 << 20) + 5);

    [Theory(Timeout = Limits.Test)]
    [InlineData(PeerTransport.Utp, EncryptionMode.Off)]
    [InlineData(PeerTransport.Utp, EncryptionMode.Require)]
    [InlineData(PeerTransport.Any, EncryptionMode.Prefer)] // TCP first, which is refused
    public async Task Data_comes_from_a_libtorrent_that_has_only_uTP(PeerTransport transport, EncryptionMode encryption)
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), encrypted: encryption == EncryptionMode.Require, utp: true);

        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { Transport = transport }, encryption);

        s_payload.AssertIn(Target);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(PeerTransport.Utp)]
    [InlineData(PeerTransport.Any)]
    public async Task A_libtorrent_that_has_only_uTP_downloads_from_us(PeerTransport transport)
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_payload), transport);
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, Target, utp: true);

        downloader.Connect(seeder.EndPoint);
        await downloader.UntilCompleteAsync();

        s_payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_connection_over_uTP_counts_as_one_for_libtorrent_too()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), upLimit: 2 << 20, utp: true);
        await using OwnPeer peer = OwnPeer.Start(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { Transport = PeerTransport.Utp });

        await seeder.UntilAsync(status => status.Utp, "is connected over uTP");
        await peer.UntilCompletedAsync();
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Data_comes_from_libtorrent_over_a_bad_line()
    {
        TestTorrent torrent = TestTorrent.Create(s_small, Temp.Path, 64 << 10);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_small), utp: true);
        using LossyLink line = BadLine(seeder.EndPoint);

        // One connection only: libtorrent would also connect to us, over a good line.
        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, line.EndPoint) with { Transport = PeerTransport.Utp, MaxPeers = 1 });

        s_small.AssertIn(Target);
        Assert.True(line.Passed > 700, $"{line.Passed} packets went over the bad line.");
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_downloads_from_us_over_a_bad_line()
    {
        TestTorrent torrent = TestTorrent.Create(s_small, Temp.Path, 64 << 10);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_small), PeerTransport.Utp);
        using LossyLink line = BadLine(seeder.EndPoint);
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, Target, utp: true);

        downloader.Connect(line.EndPoint);
        await downloader.UntilCompleteAsync();

        s_small.AssertIn(Target);
        Assert.True(line.Passed > 700, $"{line.Passed} packets went over the bad line.");
    }

    [Fact(Timeout = Limits.Test)]
    public async Task We_download_from_ourselves_over_a_bad_line()
    {
        TestTorrent torrent = TestTorrent.Create(s_small, Temp.Path, 64 << 10);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_small), PeerTransport.Utp);
        using LossyLink line = BadLine(seeder.EndPoint);

        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, line.EndPoint) with { Transport = PeerTransport.Utp });

        s_small.AssertIn(Target);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(PeerTransport.Utp, PeerHandshakeStatus.Succeeded)]
    [InlineData(PeerTransport.Any, PeerHandshakeStatus.Succeeded)]
    [InlineData(PeerTransport.Tcp, PeerHandshakeStatus.Closed)] // it accepts the connection, and closes it
    public async Task A_handshake_with_a_libtorrent_that_has_only_uTP(PeerTransport transport, PeerHandshakeStatus status)
    {
        TestTorrent torrent = TestTorrent.Create(s_small, Temp.Path);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_small), utp: true);
        await using TorrentClient client = new();

        PeerHandshake handshake = await client.TestHandshakeAsync(seeder.EndPoint, torrent.Info.Torrent.InfoHash, new HandshakeOptions { Transport = transport, Timeout = Limits.Start }, Token);

        Assert.Equal((status, status == PeerHandshakeStatus.Succeeded ? PeerTransport.Utp : null), (handshake.Status, handshake.Transport));
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Without_uTP_a_uTP_only_peer_is_not_reached()
    {
        TestTorrent torrent = TestTorrent.Create(s_small, Temp.Path);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_small), utp: true);
        await using OwnPeer peer = OwnPeer.Start(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { Transport = PeerTransport.Tcp, Timeout = TimeSpan.FromSeconds(4) });

        TorrentDownload result = await peer.Result.WaitAsync(Limits.Transfer, Token);

        Assert.Equal(0, result.BytesCompleted);
    }

    /// <summary>One packet in twenty lost, 50 ms round trip, and up to 10 ms more, which reorders packets.</summary>
    private static LossyLink BadLine(IPEndPoint target) => new(target, 0.05, TimeSpan.FromMilliseconds(25), TimeSpan.FromMilliseconds(5));
}
