#pragma warning disable xUnit1069 // the limit is for a hang, which would ignore a token
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Threading.Channels;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Tests.Transport.Utp;

/// <summary>uTP over real sockets on this machine.</summary>
public sealed class UtpHostTests : IAsyncDisposable
{
    private readonly UdpPort _firstPort = UdpPort.Open(0);
    private readonly UdpPort _secondPort = UdpPort.Open(0);
    private readonly Channel<PeerStream> _accepted = Channel.CreateUnbounded<PeerStream>();
    private readonly UtpHost _first;
    private readonly UtpHost _second;

    public UtpHostTests()
    {
        _first = new UtpHost(_firstPort, TimeProvider.System, stream => stream.Dispose());
        _second = new UtpHost(_secondPort, TimeProvider.System, stream => _accepted.Writer.TryWrite(stream));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _firstPort.DisposeAsync();
        await _secondPort.DisposeAsync();
    }

    [Theory(Timeout = 300_000)]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Bytes_pass_both_ways_until_the_end(string address)
    {
        Assert.SkipUnless(_firstPort.HasV6 || address != "::1", "This machine has no IPv6.");
        byte[] there = Bytes(3_000_000), back = Bytes(500_000);
        PeerStream stream = await _first.ConnectAsync(new IPEndPoint(IPAddress.Parse(address), _secondPort.Port), Token);
        Task sending = stream.SendAsync(there.ToArray(), Token).AsTask();
        PeerStream other = await _accepted.Reader.ReadAsync(Token);

        Assert.Equal(there, await ReadAsync(other, there.Length));
        await sending;
        Task answering = other.SendAsync(back.ToArray(), Token).AsTask();
        Assert.Equal(back, await ReadAsync(stream, back.Length));
        await answering;

        Assert.True(stream is { IsUtp: true, IsOutgoing: true } && other is { IsUtp: true, IsOutgoing: false });
        Assert.Equal(IPAddress.Parse(address), other.RemoteEndPoint.Address);
        Assert.Equal(_firstPort.Port, other.RemoteEndPoint.Port);
        stream.Dispose();
        Assert.Equal(0, await other.ReceiveAsync(new byte[1], Token));
        other.Dispose();
        await Assert.ThrowsAsync<IOException>(async () => await other.ReceiveAsync(new byte[1], Token));
    }

    [Fact(Timeout = 300_000)]
    public async Task A_cancelled_receive_takes_nothing()
    {
        using PeerStream stream = await _first.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _secondPort.Port), Token);
        await stream.SendAsync(new byte[1], Token);
        using PeerStream other = await _accepted.Reader.ReadAsync(Token);
        await ReadAsync(other, 1);
        using (var giveUp = new CancellationTokenSource())
        {
            ValueTask<int> receiving = other.ReceiveAsync(new byte[10], giveUp.Token);
            await giveUp.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(async () => await receiving);
        }

        ValueTask<int> waiting = other.ReceiveAsync(Memory<byte>.Empty, Token);
        await stream.SendAsync("again"u8.ToArray(), Token);

        Assert.Equal(0, await waiting); // data is waiting, and stays
        Assert.Equal("again"u8.ToArray(), await ReadAsync(other, 5));
    }

    [Fact(Timeout = 300_000)]
    public async Task Waiters_end_when_we_close_the_connection()
    {
        PeerStream stream = await _first.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _secondPort.Port), Token);
        ValueTask<int> receiving = stream.ReceiveAsync(new byte[10], Token);

        stream.Dispose();

        await Assert.ThrowsAsync<IOException>(async () => await receiving);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_client_that_requests_many_connections_and_confirms_none_gets_few()
    {
        using Socket attacker = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        attacker.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var target = new IPEndPoint(IPAddress.Loopback, _secondPort.Port);
        byte[] packet = new byte[UtpHeader.Length], answer = new byte[100];
        for (int i = 0; i < 3 * UtpHost.MaxAnswered; i++)
        {
            new UtpHeader(UtpPacketType.Syn, (ushort)(7 * i), 1, 0, 1 << 20, 1, 0).Write(packet);
            attacker.SendTo(packet, target);
            Assert.Equal(UtpHeader.Length, await attacker.ReceiveAsync(answer, Token)); // as many bytes as it sent
        }

        Assert.InRange(_second.Count, 1, UtpHost.MaxAnswered);
        Assert.Equal(0, _accepted.Reader.Count);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_client_that_requests_many_connections_and_confirms_none_keeps_out_no_other()
    {
        using Socket attacker = Client(), before = Client(), after = Client();
        byte[] packet = new byte[UtpHeader.Length], answer = new byte[100];
        UtpHeader first = await AskAsync(before, 1);
        for (int i = 0; i < 3 * UtpHost.MaxAnswered; i++)
            await AskAsync(attacker, (ushort)(7 * i));
        UtpHeader second = await AskAsync(after, 1);
        for (int i = 0; i < 3 * UtpHost.MaxAnswered; i++)
            await AskAsync(attacker, (ushort)(7 * i + 3));

        foreach ((Socket honest, UtpHeader answered) in (ReadOnlySpan<(Socket, UtpHeader)>)[(before, first), (after, second)])
        {
            // The first packet is lost and the second arrives: the number confirms the connection.
            packet = new byte[UtpHeader.Length + 1];
            new UtpHeader(UtpPacketType.Data, 2, 1, 0, 1 << 20, 3, (ushort)(answered.SequenceNumber - 1)).Write(packet);
            honest.Send(packet);
            Assert.Equal(UtpPacketType.State, Read(honest).Type);
        }

        using (PeerStream one = await _accepted.Reader.ReadAsync(Token), other = await _accepted.Reader.ReadAsync(Token))
            Assert.Equal([Port(before), Port(after)], [one.RemoteEndPoint.Port, other.RemoteEndPoint.Port]);
        new UtpHeader(UtpPacketType.Data, 4, 1, 0, 1 << 20, 3, (ushort)(second.SequenceNumber - 1)).Write(packet);
        attacker.Send(packet);
        Assert.Equal(UtpPacketType.Reset, Read(attacker).Type); // the number belongs to another connection

        async Task<UtpHeader> AskAsync(Socket client, ushort id)
        {
            new UtpHeader(UtpPacketType.Syn, id, 1, 0, 1 << 20, 1, 0).Write(packet);
            await client.SendAsync(packet.AsMemory(0, UtpHeader.Length), Token);
            return Read(client);
        }

        UtpHeader Read(Socket client)
        {
            Assert.True(UtpHeader.TryRead(answer.AsSpan(0, client.Receive(answer)), out UtpHeader header, out _, out _));
            return header;
        }
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    private Socket Client()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 300_000 };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, _secondPort.Port));
        return socket;
    }

    [Fact(Timeout = 300_000)]
    public async Task A_packet_of_no_connection_is_answered_with_a_reset_and_a_reset_with_nothing()
    {
        using Socket stranger = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        stranger.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var target = new IPEndPoint(IPAddress.Loopback, _secondPort.Port);
        byte[] packet = new byte[UtpHeader.Length], answer = new byte[100];
        new UtpHeader(UtpPacketType.Reset, 5, 1, 0, 0, 77, 0).Write(packet);
        stranger.SendTo(packet, target);
        new UtpHeader(UtpPacketType.Data, 6, 1, 0, 0, 78, 0).Write(packet);
        stranger.SendTo(packet, target);

        int length = await stranger.ReceiveAsync(answer, Token);

        Assert.True(UtpHeader.TryRead(answer.AsSpan(0, length), out UtpHeader header, out _, out _));
        Assert.Equal((UtpPacketType.Reset, 6, 78), (header.Type, (int)header.ConnectionId, (int)header.AckNumber));
    }

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static async Task<byte[]> ReadAsync(PeerStream stream, int length)
    {
        byte[] bytes = new byte[length];
        for (int count = 0; count < length;)
        {
            int received = await stream.ReceiveAsync(bytes.AsMemory(count), Token);
            Assert.NotEqual(0, received);
            count += received;
        }

        return bytes;
    }

    /// <summary>Each fault within one connection: with a packet for it, an answer of ours, a timer.</summary>
    [Theory(Timeout = 300_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_fault_with_one_connection_ends_only_that_connection(bool isFoundByTheClock)
    {
        await using UdpPort port = UdpPort.Open(0);
        Channel<string> log = Channel.CreateUnbounded<string>();
        await using UtpHost host = new(port, TimeProvider.System, stream => _accepted.Writer.TryWrite(stream), line => log.Writer.TryWrite(line));
        var endPoint = new IPEndPoint(IPAddress.Loopback, port.Port);
        using PeerStream first = await _first.ConnectAsync(endPoint, Token);
        await first.SendAsync(new byte[1], Token);
        using PeerStream broken = await _accepted.Reader.ReadAsync(Token);
        await ReadAsync(broken, 1);
        using PeerStream second = await _first.ConnectAsync(endPoint, Token);
        await second.SendAsync(new byte[1], Token);
        using PeerStream whole = await _accepted.Reader.ReadAsync(Token);
        await ReadAsync(whole, 1);
        ValueTask<int> waiting = broken.ReceiveAsync(new byte[10], Token);
        typeof(UtpPeerStream).GetField("_connection", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(broken, null);
        if (!isFoundByTheClock)
            await first.SendAsync("to the broken"u8.ToArray(), Token);
        Assert.Contains("is closed by a fault of this program: System.NullReferenceException", await log.Reader.ReadAsync(Token), StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(async () => await waiting);
        await second.SendAsync("to the other"u8.ToArray(), Token);
        Assert.Equal("to the other"u8.ToArray(), await ReadAsync(whole, 12));
    }

    [Fact(Timeout = 300_000)]
    public async Task A_fault_with_one_connection_ends_neither_the_port_nor_the_process()
    {
        await using UdpPort port = UdpPort.Open(0);
        Channel<string> log = Channel.CreateUnbounded<string>();
        int count = 0;
        await using UtpHost host = new(port, TimeProvider.System, stream => _ = Interlocked.Increment(ref count) == 1 ? throw new InvalidOperationException("injected") : _accepted.Writer.TryWrite(stream), line => log.Writer.TryWrite(line));
        var endPoint = new IPEndPoint(IPAddress.Loopback, port.Port);
        using PeerStream first = await _first.ConnectAsync(endPoint, Token);
        await first.SendAsync(new byte[1], Token);
        Assert.Contains("is closed by a fault of this program: System.InvalidOperationException: injected", await log.Reader.ReadAsync(Token), StringComparison.Ordinal);
        using PeerStream second = await _first.ConnectAsync(endPoint, Token);
        await second.SendAsync(new byte[1], Token);
        (await _accepted.Reader.ReadAsync(Token)).Dispose();
    }
}
