using System.Net;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Peers that refuse unencrypted connections, and we when required to.</summary>
public sealed class EncryptionTests : InteropTest
{
    private static readonly Payload s_payload = Payload.SingleFile("encrypted.bin", (3 << 20) + 5);

    [Theory(Timeout = Limits.Test)]
    [InlineData(EncryptionMode.Prefer)]
    [InlineData(EncryptionMode.Require)]
    public async Task Data_comes_from_a_libtorrent_that_insists_on_encryption(EncryptionMode ours)
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), encrypted: true);

        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint), ours);

        s_payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task We_require_encryption_and_a_libtorrent_that_accepts_both_follows()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), upLimit: 2 << 20);
        await using OwnPeer peer = OwnPeer.Start(torrent, OwnPeer.Options(Target, seeder.EndPoint), EncryptionMode.Require);

        await seeder.UntilAsync(status => status.Encrypted, "is encrypted with us");
        await peer.UntilCompletedAsync();

        s_payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_libtorrent_that_insists_on_encryption_downloads_from_us()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(s_payload));
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, Target, encrypted: true);

        downloader.Connect(seeder.EndPoint);
        await downloader.UntilCompleteAsync();

        s_payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Data_comes_from_a_Transmission_that_insists_on_encryption()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using TransmissionPeer seeder = await TransmissionPeer.SeedAsync(torrent, Source(s_payload), Temp, encrypted: true);

        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        s_payload.AssertIn(Target);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_handshake_says_whether_it_was_encrypted()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using LibtorrentPeer strict = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), encrypted: true);
        await using LibtorrentPeer lenient = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload));

        Assert.True(await TestAsync(strict.EndPoint, torrent, EncryptionMode.Prefer) is { Succeeded: true, Encrypted: true });
        Assert.True(await TestAsync(strict.EndPoint, torrent, EncryptionMode.Require) is { Succeeded: true, Encrypted: true });
        Assert.False((await TestAsync(strict.EndPoint, torrent, EncryptionMode.Off)).Succeeded);
        Assert.True(await TestAsync(lenient.EndPoint, torrent, EncryptionMode.Require) is { Succeeded: true, Encrypted: true });
        Assert.True(await TestAsync(lenient.EndPoint, torrent, EncryptionMode.Off) is { Succeeded: true, Encrypted: false });
    }

    private static async Task<PeerHandshake> TestAsync(IPEndPoint endPoint, TestTorrent torrent, EncryptionMode encryption)
    {
        await using TorrentClient client = new();
        Assert.True(InfoHash.TryParse(torrent.InfoHash, out InfoHash infoHash));
        return await client.TestHandshakeAsync(endPoint, infoHash, new HandshakeOptions { Encryption = encryption, Timeout = TimeSpan.FromSeconds(20) }, Token);
    }
}
