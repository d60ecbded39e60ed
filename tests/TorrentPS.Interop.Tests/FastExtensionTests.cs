using System.Buffers.Binary;
using System.Net.Sockets;
using TorrentPS.Engine;
using TorrentPS.Engine.Wire;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>The fast extension (BEP 6) with other clients that support it; all other tests use it, too, since it cannot be switched off.</summary>
public sealed class FastExtensionTests : InteropTest
{
    [Fact(Timeout = Limits.Test)]
    public async Task Allowed_pieces_come_from_a_libtorrent_that_unchokes_no_peer()
    {
        var payload = Payload.SingleFile("allowed.bin", 4 * (128 << 10) + 1000); // five pieces, all of which libtorrent allows
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 128 << 10);
        await using LibtorrentPeer seeder = await LibtorrentPeer.StartAsync(torrent, Source(payload), choking: true);

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        payload.AssertIn(Target);
        Assert.Equal(payload.Length, result.Downloaded - result.Wasted);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Both_declare_support()
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
    public async Task Transmission_declares_all_pieces_and_rejects_some_requests()
    {
        var payload = Payload.SingleFile("transmission.bin", 300_001);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 64 << 10);
        await using TransmissionPeer transmission = await TransmissionPeer.SeedAsync(torrent, Source(payload), Temp);
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(transmission.EndPoint, Token);
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, torrent.Info.Torrent.InfoHash.Wire, PeerId.Create());
        await socket.SendAsync(handshake, Token);
        await ReadExactlyAsync(socket, handshake);
        byte[] request = new byte[PeerMessage.RequestLength];
        var block = new BlockRequest(2, 16384, 16384);
        PeerMessage.WriteBlock(request, MessageId.Request, block); // it still chokes us
        await socket.SendAsync(request, Token);
        List<MessageId> messages = [];
        while (!messages.Contains(MessageId.Reject))
        {
            byte[] length = new byte[4];
            await ReadExactlyAsync(socket, length);
            byte[] message = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            await ReadExactlyAsync(socket, message);
            if (message.Length == 0)
                continue;
            messages.Add((MessageId)message[0]);
            if (messages[^1] == MessageId.Reject)
                Assert.True(PeerMessage.TryReadBlock(message.AsSpan(1), out BlockRequest rejected) && rejected == block, $"{rejected}");
        }

        Assert.Contains(MessageId.HaveAll, messages);
        Assert.DoesNotContain(MessageId.Bitfield, messages);
    }

    private static async Task ReadExactlyAsync(Socket socket, byte[] bytes)
    {
        for (int count = 0; count < bytes.Length;)
        {
            int received = await socket.ReceiveAsync(bytes.AsMemory(count), Token);
            Assert.NotEqual(0, received);
            count += received;
        }
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Two_complete_peers_do_not_stay_connected()
    {
        var payload = Payload.SingleFile("seeds.bin", 100_000);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path);
        string source = Source(payload);
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.SeedAsync(torrent, source);
        await using OwnPeer own = await OwnPeer.SeedAsync(torrent, source, libtorrent.EndPoint);
        await own.UntilAsync(status => status.PeersConnected == 0 && own.Log.Contains($"Peer {libtorrent.EndPoint} closed: NothingToDo", StringComparison.Ordinal), "is alone again");
    }
}
