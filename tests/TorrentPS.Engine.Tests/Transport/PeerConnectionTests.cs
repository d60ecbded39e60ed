using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Tests.Transport;

public sealed class PeerConnectionTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static IPEndPoint Loopback(int port) => new(IPAddress.Loopback, port);

    [Fact]
    public async Task Connections_are_made_and_accepted_and_carry_bytes()
    {
        TaskCompletionSource<PeerStream> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using PeerListener listener = PeerListener.Start(0, required: false, accepted.SetResult);
        using PeerConnector connector = new(1, 10);
        using PeerStream there = await connector.ConnectAsync(Loopback(listener.Port), PeerTransport.Tcp, null, s_limit, TimeProvider.System, Token);
        using PeerStream here = await accepted.Task.WaitAsync(s_limit, Token);
        Assert.Equal((true, false), (there.IsOutgoing, here.IsOutgoing));
        Assert.Equal(Loopback(listener.Port), there.RemoteEndPoint);
        Assert.Equal(AddressFamily.InterNetwork, here.RemoteEndPoint.AddressFamily); // not as an IPv4-mapped IPv6 address
        byte[] buffer = new byte[10];
        ValueTask<int> waiting = here.ReceiveAsync(Memory<byte>.Empty, Token); // until data arrives
        Assert.False(waiting.IsCompleted);
        await there.SendAsync("abc"u8.ToArray(), Token);
        Assert.Equal(0, await waiting);
        Assert.Equal(3, await here.ReceiveAsync(buffer, Token));
        there.Dispose();
        Assert.Equal(0, await here.ReceiveAsync(buffer, Token));
        here.Dispose();
        await Assert.ThrowsAsync<IOException>(async () => await here.ReceiveAsync(buffer, Token));
        await Assert.ThrowsAsync<IOException>(async () => await here.SendAsync(buffer, Token));
    }

    [Fact]
    public async Task Waiters_end_when_the_connection_is_disposed()
    {
        TaskCompletionSource<PeerStream> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using PeerListener listener = PeerListener.Start(0, required: false, accepted.SetResult);
        using PeerStream there = await PeerConnector.ConnectNowAsync(Loopback(listener.Port), NetworkRoute.Direct, Token);
        using PeerStream here = await accepted.Task.WaitAsync(s_limit, Token);
        Task<int> waiting = there.ReceiveAsync(new byte[1], Token).AsTask();
        there.Dispose();
        await Assert.ThrowsAsync<IOException>(() => waiting.WaitAsync(s_limit, Token));
    }

    [Fact]
    public async Task A_port_in_use_is_replaced_or_an_error()
    {
        await using PeerListener first = PeerListener.Start(0, required: true, stream => stream.Dispose());
        await using PeerListener second = PeerListener.Start(first.Port, required: false, stream => stream.Dispose());
        Assert.NotEqual(first.Port, second.Port);
        TorrentException error = Assert.Throws<TorrentException>(() => PeerListener.Start(first.Port, required: true, stream => stream.Dispose()));
        Assert.Contains(first.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_limit_on_connections_is_not_exceeded()
    {
        using PeerConnector connector = new(1, 3);
        Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(_ => connector.TryReserve(10, isIncoming: false)));
        connector.Release();
        Assert.True(connector.TryReserve(10, isIncoming: false));
        Assert.False(connector.TryReserve(10, isIncoming: false));
    }

    /// <summary>An address that does not answer: a listener with a full queue that accepts no connection.</summary>
    [Fact]
    public void Some_connections_are_left_for_dialling_however_many_peers_connect()
    {
        using var connector = new PeerConnector(1, 80);
        connector.AddTorrent();
        int held = 0;
        while (held < 1000 && connector.TryReserve(held, isIncoming: true))
            held++;
        Assert.Equal(70, held);
        while (held < 1000 && connector.TryReserve(held, isIncoming: false))
            held++;
        Assert.Equal(80, held);
    }

    [Fact]
    public async Task Half_open_connections_are_limited_and_time_out()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs Linux, where a listener's full queue leaves further connections half-open.");
        using Socket full = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(Loopback(0));
        full.Listen(0);
        IPEndPoint endPoint = (IPEndPoint)full.LocalEndPoint!;
        List<Socket> queued = [];
        try
        {
            for (int i = 0; i < 2; i++)
            {
                Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                queued.Add(socket);
                try
                {
                    socket.Connect(endPoint);
                }
                catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
                {
                    // It is in progress.
                }
            }

            FakeTimeProvider time = new();
            using PeerConnector connector = new(1, 10);
            Task<PeerStream> first = connector.ConnectAsync(endPoint, PeerTransport.Tcp, null, TimeSpan.FromSeconds(8), time, Token);
            Task<PeerStream> second = connector.ConnectAsync(endPoint, PeerTransport.Tcp, null, TimeSpan.FromSeconds(8), time, Token);
            time.Advance(TimeSpan.FromSeconds(7));
            Assert.False(first.IsCompleted || second.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(2));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(s_limit, Token));
            Assert.False(second.IsCompleted); // its limit begins with its turn
            await time.UntilAsync(() => second.IsCompleted, 1);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(s_limit, Token));
        }
        finally
        {
            queued.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task A_closed_port_refuses()
    {
        int port;
        await using (PeerListener gone = PeerListener.Start(0, required: true, stream => stream.Dispose()))
            port = gone.Port;
        SocketException error = await Assert.ThrowsAsync<SocketException>(() => PeerConnector.ConnectNowAsync(Loopback(port), NetworkRoute.Direct, Token));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task A_fault_with_one_connection_does_not_end_listening()
    {
        TaskCompletionSource<PeerStream> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<string> log = [];
        int count = 0;
        await using PeerListener listener = PeerListener.Start(0, required: false, stream =>
        {
            if (++count == 1)
                throw new InvalidOperationException("injected");
            accepted.SetResult(stream);
        }, log: log.Add);
        using PeerStream first = await PeerConnector.ConnectNowAsync(Loopback(listener.Port), NetworkRoute.Direct, Token);
        using PeerStream second = await PeerConnector.ConnectNowAsync(Loopback(listener.Port), NetworkRoute.Direct, Token);
        (await accepted.Task.WaitAsync(s_limit, Token)).Dispose();
        Assert.Contains("by a fault of this program: System.InvalidOperationException: injected", Assert.Single(log), StringComparison.Ordinal);
    }
}
