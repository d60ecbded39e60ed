using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Utp;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Holepunching with real sockets (BEP 55): a scripted peer asks a seed to connect it with another peer of the seed.</summary>
public sealed class HolepunchTests : IDisposable
{
    private const byte OwnHolepunchId = 55;

    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5); // for hangs

    private static readonly Sample s_sample = Sample.Make(32768, 1, ("data", 300_000));

    private Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public HolepunchTests() => _limit.CancelAfter(s_longest);

    private CancellationToken Token => _limit.Token;

    public void Dispose()
    {
        _limit.Dispose();
        _tcp.Dispose();
        _udp.Dispose();
    }

    [Fact]
    public async Task Two_peers_of_one_get_each_others_address_and_connect_over_uTP()
    {
        Sample sample = Sample.Make(32768, 1, ("data", 8_000_000)); // at the limit, longer than the test may last: the two stay connected
        await using SwarmMember relay = await SwarmMember.SeedAsync(sample, change: By);
        await using SwarmMember target = SwarmMember.Download(sample.Torrent, null, [relay.EndPoint], options => By(options) with { DownloadLimit = 20_000 });
        await target.UntilAsync(status => status.Downloaded > 0); // it has announced its port and extensions before
        _udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var own = (IPEndPoint)_udp.LocalEndPoint!;
        await HelloAsync(relay.EndPoint, own.Port, sample);

        await SendAsync(new HolepunchMessage(HolepunchType.Rendezvous, target.EndPoint));

        Assert.Equal(new HolepunchMessage(HolepunchType.Connect, target.EndPoint), await ReadAsync());
        byte[] packet = new byte[100];
        SocketReceiveFromResult received = await _udp.ReceiveFromAsync(packet, SocketFlags.None, own, Token);
        Assert.True(UtpHeader.TryRead(packet.AsSpan(0, received.ReceivedBytes), out UtpHeader header, out _, out _));
        Assert.Equal(UtpPacketType.Syn, header.Type);
        Assert.Equal(target.EndPoint.Port, ((IPEndPoint)received.RemoteEndPoint).Port);
    }

    [Fact]
    public async Task A_rendezvous_with_an_unknown_peer_or_the_relay_gets_an_error()
    {
        await using SwarmMember relay = await SwarmMember.SeedAsync(s_sample, change: By);
        await HelloAsync(relay.EndPoint, 7001, s_sample);
        var unknown = IPEndPoint.Parse("127.0.0.1:9");
        var nowhere = IPEndPoint.Parse("0.0.0.0:0");

        foreach ((IPEndPoint wanted, HolepunchError error) in new[] { (unknown, HolepunchError.NotConnected), (relay.EndPoint, HolepunchError.NoSelf), (nowhere, HolepunchError.NoSuchPeer) })
        {
            await SendAsync(new HolepunchMessage(HolepunchType.Rendezvous, wanted));
            Assert.Equal(new HolepunchMessage(HolepunchType.Error, wanted, error), await ReadAsync());
        }
    }

    /// <summary>The other role: we send the request. The relay is scripted, and so is the peer that it names, which sends nothing.</summary>
    [Fact]
    public async Task The_peer_that_named_an_unreachable_one_relays_a_connection_over_uTP()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        _udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var hidden = (IPEndPoint)_udp.LocalEndPoint!;
        await using SwarmMember leecher = SwarmMember.Download(s_sample.Torrent, null, [(IPEndPoint)listener.LocalEndpoint], By);
        _tcp.Dispose();
        _tcp = await listener.AcceptSocketAsync(Token);
        byte[] handshake = new byte[Handshake.Length];
        await ReadExactlyAsync(handshake);
        Handshake.Write(handshake, s_sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes("-qB4520-holepunchtell"[..20]));
        await _tcp.SendAsync(handshake, Token);
        Dictionary<string, byte> known = new() { [HolepunchMessage.ExtensionName] = OwnHolepunchId, [PeerExchangeMessage.ExtensionName] = 1 };
        await SendExtendedAsync(0, new ExtensionHandshake { Extensions = known, Port = ((IPEndPoint)listener.LocalEndpoint).Port }.ToBytes());
        await SendExtendedAsync(PeerExchangeMessage.OwnId, new PeerExchangeMessage
        {
            Added = [new ExchangedPeer(hidden, PeerExchangeFlags.SupportsUtp | PeerExchangeFlags.SupportsHolepunch)],
        }.ToBytes());

        Assert.Equal(new HolepunchMessage(HolepunchType.Rendezvous, hidden), await ReadAsync());
        byte[] packet = new byte[100];
        while (_udp.Available > 0)
            await _udp.ReceiveFromAsync(packet, SocketFlags.None, hidden, Token); // it tried before it asked
        await SendAsync(new HolepunchMessage(HolepunchType.Connect, hidden));
        SocketReceiveFromResult received = await _udp.ReceiveFromAsync(packet, SocketFlags.None, hidden, Token);
        Assert.True(UtpHeader.TryRead(packet.AsSpan(0, received.ReceivedBytes), out UtpHeader header, out _, out _));
        Assert.Equal(UtpPacketType.Syn, header.Type);
        Assert.Equal(leecher.EndPoint.Port, ((IPEndPoint)received.RemoteEndPoint).Port);
        Assert.Contains($"brings us together with {hidden}", leecher.LogText, StringComparison.Ordinal);
    }

    private static DownloadOptions By(DownloadOptions options) => options with { Sources = [PeerSource.Manual, PeerSource.PeerExchange], Encryption = EncryptionMode.Off };

    private async Task HelloAsync(IPEndPoint endPoint, int port, Sample sample)
    {
        await _tcp.ConnectAsync(endPoint, Token);
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes("-qB4520-holepunchasks"[..20]));
        await _tcp.SendAsync(handshake, Token);
        await ReadExactlyAsync(handshake);
        await SendExtendedAsync(0, new ExtensionHandshake { Extensions = new Dictionary<string, byte> { [HolepunchMessage.ExtensionName] = OwnHolepunchId }, Port = port }.ToBytes());
    }

    private Task SendAsync(HolepunchMessage message) => SendExtendedAsync(HolepunchMessage.OwnId, message.ToBytes());

    private async Task SendExtendedAsync(byte id, byte[] payload)
    {
        byte[] message = new byte[6 + payload.Length];
        PeerMessage.WriteExtendedHeader(message, id, payload.Length);
        payload.CopyTo(message, 6);
        await _tcp.SendAsync(message, Token);
    }

    private async Task<HolepunchMessage> ReadAsync()
    {
        while (true)
        {
            byte[] length = new byte[4];
            await ReadExactlyAsync(length);
            byte[] message = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            await ReadExactlyAsync(message);
            if (message.Length > 2 && message[0] == (byte)MessageId.Extended && message[1] == OwnHolepunchId)
                return HolepunchMessage.Read(message.AsSpan(2))!;
        }
    }

    private async Task ReadExactlyAsync(byte[] bytes)
    {
        for (int count = 0; count < bytes.Length;)
        {
            int received = await _tcp.ReceiveAsync(bytes.AsMemory(count), Token);
            Assert.NotEqual(0, received);
            count += received;
        }
    }
}
