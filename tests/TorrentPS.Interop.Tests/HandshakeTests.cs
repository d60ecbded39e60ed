using System.Net;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

public sealed class HandshakeTests : InteropTest
{
    private static readonly Payload s_payload = Payload.SingleFile("handshake.bin", 100_000);

    [Theory(Timeout = Limits.Test)]
    [InlineData(EncryptionMode.Off)]
    [InlineData(EncryptionMode.Prefer)]
    public async Task Libtorrent_is_recognised(EncryptionMode encryption)
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using LibtorrentPeer peer = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload));

        PeerHandshake handshake = await TestAsync(peer.EndPoint, torrent.InfoHash, encryption);

        AssertSucceeded(handshake, peer.EndPoint, torrent, await RawReservedAsync(peer.EndPoint, torrent.InfoHash));
        Assert.StartsWith("-LT20", handshake.PeerId, StringComparison.Ordinal);
        Assert.Contains("libtorrent", handshake.Client, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("2.0.", handshake.Client, StringComparison.Ordinal);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(EncryptionMode.Off)]
    [InlineData(EncryptionMode.Prefer)]
    public async Task Transmission_is_recognised(EncryptionMode encryption)
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using TransmissionPeer peer = await TransmissionPeer.SeedAsync(torrent, Source(s_payload), Temp);

        PeerHandshake handshake = await TestAsync(peer.EndPoint, torrent.InfoHash, encryption);

        AssertSucceeded(handshake, peer.EndPoint, torrent, await RawReservedAsync(peer.EndPoint, torrent.InfoHash));
        Assert.StartsWith("-TR", handshake.PeerId, StringComparison.Ordinal);
        Assert.StartsWith("Transmission ", handshake.Client, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Libtorrent_closes_on_a_torrent_that_it_does_not_have()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using LibtorrentPeer peer = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload));

        AssertFailed(await TestAsync(peer.EndPoint, new string('a', 40)), PeerHandshakeStatus.Closed);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Transmission_closes_on_a_torrent_that_it_does_not_have()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using TransmissionPeer peer = await TransmissionPeer.SeedAsync(torrent, Source(s_payload), Temp);

        AssertFailed(await TestAsync(peer.EndPoint, new string('a', 40)), PeerHandshakeStatus.Closed);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Our_own_seeder_answers_as_ourselves()
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path);
        await using OwnPeer peer = await OwnPeer.SeedAsync(torrent, Source(s_payload));

        PeerHandshake handshake = await TestAsync(peer.EndPoint, torrent.InfoHash);

        AssertSucceeded(handshake, peer.EndPoint, torrent, await RawReservedAsync(peer.EndPoint, torrent.InfoHash));
        Assert.True(handshake.SupportsExtensions);
        Assert.Contains("TorrentPS", handshake.Client, StringComparison.Ordinal);
        AssertFailed(await TestAsync(peer.EndPoint, new string('a', 40)), PeerHandshakeStatus.Closed);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_port_without_a_listener_is_refused() =>
        AssertFailed(await TestAsync(Loopback.Next(), new string('a', 40)), PeerHandshakeStatus.Refused);

    [Fact(Timeout = Limits.Test)]
    public async Task A_port_that_never_answers_times_out()
    {
        using TcpListener silent = new(Loopback.Next());
        silent.Start();

        PeerHandshake handshake = await TestAsync((IPEndPoint)silent.LocalEndpoint, new string('a', 40), timeout: TimeSpan.FromSeconds(1));

        AssertFailed(handshake, PeerHandshakeStatus.TimedOut);
    }

    [Theory(Timeout = Limits.Test)]
    [InlineData(EncryptionMode.Off)]
    [InlineData(EncryptionMode.Prefer)]
    public async Task A_web_server_is_not_a_peer(EncryptionMode encryption)
    {
        string nginx = Installed.Require("nginx", "nginx-light");
        IPEndPoint endPoint = Loopback.Next();
        string folder = Temp.Folder("nginx");
        string configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration,
            $$"""
            daemon off; master_process off; pid {{folder}}/pid; error_log stderr;
            events {}
            http { access_log off; server { listen {{endPoint}}; root {{folder}}; } }
            """, Token);
        await using ExternalProcess server = ExternalProcess.Start(nginx, ["-p", folder, "-e", "stderr", "-c", configuration], folder);
        await server.UntilAsync(() => Loopback.ListensAsync(endPoint), Limits.Start, "nginx listens");

        AssertFailed(await TestAsync(endPoint, new string('a', 40), encryption), PeerHandshakeStatus.NotBitTorrent);
    }

    private static async Task<PeerHandshake> TestAsync(IPEndPoint endPoint, string infoHash, EncryptionMode encryption = EncryptionMode.Prefer, TimeSpan? timeout = null)
    {
        await using TorrentClient client = new();
        Assert.True(InfoHash.TryParse(infoHash, out InfoHash hash));
        return await client.TestHandshakeAsync(endPoint, hash, new HandshakeOptions { Encryption = encryption, Timeout = timeout ?? TimeSpan.FromSeconds(20) }, Token);
    }

    private static void AssertSucceeded(PeerHandshake handshake, IPEndPoint endPoint, TestTorrent torrent, byte[] reserved)
    {
        Assert.True(handshake.Status == PeerHandshakeStatus.Succeeded, $"{handshake}: {handshake.Error}");
        Assert.True(handshake.Succeeded);
        Assert.Equal(endPoint.ToString(), handshake.EndPoint);
        Assert.Equal(torrent.InfoHash, handshake.InfoHash);
        Assert.NotNull(handshake.Latency);
        Assert.Null(handshake.Error);
        Assert.Equal(Convert.ToHexString(reserved), handshake.Reserved, ignoreCase: true);
        Assert.Equal((reserved[5] & 0x10) != 0, handshake.SupportsExtensions);
        Assert.Equal((reserved[7] & 0x01) != 0, handshake.SupportsDht);
        Assert.Equal((reserved[7] & 0x04) != 0, handshake.SupportsFast);
        Assert.Equal((reserved[7] & 0x10) != 0, handshake.SupportsV2);
    }

    private static void AssertFailed(PeerHandshake handshake, PeerHandshakeStatus status)
    {
        Assert.True(handshake.Status == status, $"{handshake}: {handshake.Error}");
        Assert.False(handshake.Succeeded);
        Assert.False(string.IsNullOrWhiteSpace(handshake.Error));
        Assert.Null(handshake.PeerId);
    }

    /// <summary>The reserved bytes received on a plain socket, from a separate address: Transmission accepts one connection per address.</summary>
    private static async Task<byte[]> RawReservedAsync(IPEndPoint endPoint, string infoHash)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(Loopback.Next());
        await socket.ConnectAsync(endPoint, Token);
        byte[] handshake = [19, .. Encoding.ASCII.GetBytes("BitTorrent protocol"), 0, 0, 0, 0, 0, 0x10, 0, 0x04, .. Convert.FromHexString(infoHash), .. Encoding.ASCII.GetBytes("-XX0000-raw-handshake")];
        await socket.SendAsync(handshake.AsMemory(0, 68), Token);
        byte[] answer = new byte[68];
        await using NetworkStream stream = new(socket);
        await stream.ReadExactlyAsync(answer, Token);
        return answer[20..28];
    }
}
