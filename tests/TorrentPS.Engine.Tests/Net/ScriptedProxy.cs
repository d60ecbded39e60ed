using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Tests.Net;

/// <summary>A proxy on loopback, written from the RFCs, that records requests. Names resolve as a test says.</summary>
internal sealed class ScriptedProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentBag<Task> _running = [];
    private readonly ProxyKind _kind;
    private readonly Task _accepting;

    public ScriptedProxy(ProxyKind kind)
    {
        _kind = kind;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The credentials required from clients; null accepts all clients.</summary>
    public (string User, string Password)? Wants { get; init; }

    /// <summary>The error returned instead of connecting: a reply code of SOCKS5, or an HTTP status.</summary>
    public int? Refuses { get; init; }

    /// <summary>The bytes sent in place of any answer.</summary>
    public byte[]? Babble { get; init; }

    /// <summary>Whether it relays datagrams (RFC 1928, 7).</summary>
    public bool CarriesUdp { get; init; }

    /// <summary>Turns each returning datagram into those sent to the client, with their heads.</summary>
    public Func<byte[], IEnumerable<byte[]>> Returns { get; init; } = packet => [packet];

    /// <summary>The destinations of relayed datagrams, in order.</summary>
    public ConcurrentQueue<string> Carried { get; } = [];

    /// <summary>The addresses of names.</summary>
    public Dictionary<string, IPAddress> Names { get; } = [];

    /// <summary>The destinations of connections, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public ProxyServer Server(string userInfo = "") =>
        ProxyServer.Parse(new Uri($"{(_kind == ProxyKind.Socks5 ? "socks5" : "http")}://{userInfo}{EndPoint}"));

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_running);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _running.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient near = client;
        try
        {
            NetworkStream stream = near.GetStream();
            if (Babble is not null)
            {
                await stream.WriteAsync(Babble, _ending.Token);
                await stream.CopyToAsync(Stream.Null, _ending.Token);
                return;
            }

            if (await (_kind == ProxyKind.Socks5 ? GreetSocksAsync(stream) : GreetHttpAsync(stream)) is not { } to)
                return;
            using var far = new TcpClient(to.AddressFamily);
            await far.ConnectAsync(to, _ending.Token);
            // The answer and the peer's first bytes may arrive together.
            byte[] answer = _kind == ProxyKind.Socks5 ? [5, 0, 0, 3, 4, .. "here"u8, 0, 1] : Encoding.ASCII.GetBytes("HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n");
            foreach (byte one in answer)
                await stream.WriteAsync(new[] { one }, _ending.Token);
            Task up = CopyAsync(stream, far), down = CopyAsync(far.GetStream(), near);
            await Task.WhenAll(up, down);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task CopyAsync(NetworkStream from, TcpClient to)
    {
        await from.CopyToAsync(to.GetStream(), _ending.Token);
        to.Client.Shutdown(SocketShutdown.Send);
    }

    private async Task<IPEndPoint?> GreetSocksAsync(NetworkStream stream)
    {
        byte[] hello = await ReadAsync(stream, 2);
        byte[] methods = await ReadAsync(stream, hello[1]);
        byte method = Wants is null ? (byte)0 : (byte)2;
        bool offered = methods.Contains(method);
        await stream.WriteAsync(new byte[] { 5, offered ? method : (byte)0xFF }, _ending.Token);
        if (!offered)
            return null;
        if (Wants is { } wanted)
        {
            byte[] head = await ReadAsync(stream, 2);
            string user = Encoding.UTF8.GetString(await ReadAsync(stream, head[1]));
            string password = Encoding.UTF8.GetString(await ReadAsync(stream, (await ReadAsync(stream, 1))[0]));
            bool isRight = head[0] == 1 && (user, password) == wanted;
            await stream.WriteAsync(new byte[] { 1, isRight ? (byte)0 : (byte)1 }, _ending.Token);
            if (!isRight)
                return null;
        }

        byte[] request = await ReadAsync(stream, 4);
        Assert.Equal((5, 0), (request[0], request[2]));
        string host = request[3] switch
        {
            1 => new IPAddress(await ReadAsync(stream, 4)).ToString(),
            4 => new IPAddress(await ReadAsync(stream, 16)).ToString(),
            _ => Encoding.ASCII.GetString(await ReadAsync(stream, (await ReadAsync(stream, 1))[0])),
        };
        int port = BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(stream, 2));
        if (request[1] == 3)
        {
            await CarryAsync(stream);
            return null;
        }

        Assert.Equal(1, request[1]);
        Asked.Enqueue($"{host}:{port}");
        if (Refuses is { } reply)
        {
            await stream.WriteAsync(new byte[] { 5, (byte)reply, 0, 1, 0, 0, 0, 0, 0, 0 }, _ending.Token);
            return null;
        }

        return new IPEndPoint(Names.GetValueOrDefault(host) ?? IPAddress.Parse(host), port);
    }

    /// <summary>Relays datagrams until the client closes its connection.</summary>
    private async Task CarryAsync(NetworkStream stream)
    {
        if (!CarriesUdp)
        {
            await stream.WriteAsync(new byte[] { 5, 7, 0, 1, 0, 0, 0, 0, 0, 0 }, _ending.Token);
            return;
        }

        using var near = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var far = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        int relay = ((IPEndPoint)near.Client.LocalEndPoint!).Port;
        await stream.WriteAsync(new byte[] { 5, 0, 0, 1, 0, 0, 0, 0, (byte)(relay >> 8), (byte)relay }, _ending.Token); // at the proxy's own address
        IPEndPoint? client = null;
        Task ended = stream.CopyToAsync(Stream.Null, _ending.Token);
        Task<UdpReceiveResult> up = near.ReceiveAsync(_ending.Token).AsTask(), down = far.ReceiveAsync(_ending.Token).AsTask();
        while (await Task.WhenAny(ended, up, down) is var next && next != ended)
        {
            if (next == up)
            {
                UdpReceiveResult result = await up;
                client = result.RemoteEndPoint;
                up = near.ReceiveAsync(_ending.Token).AsTask();
                (string host, int port, int length) = ReadHead(result.Buffer);
                Carried.Enqueue($"{host}:{port}");
                await far.SendAsync(result.Buffer.AsMemory(length), new IPEndPoint(Names.GetValueOrDefault(host) ?? IPAddress.Parse(host), port), _ending.Token);
            }
            else
            {
                UdpReceiveResult result = await down;
                down = far.ReceiveAsync(_ending.Token).AsTask();
                byte[] port = [(byte)(result.RemoteEndPoint.Port >> 8), (byte)result.RemoteEndPoint.Port];
                foreach (byte[] packet in Returns([0, 0, 0, 1, .. result.RemoteEndPoint.Address.GetAddressBytes(), .. port, .. result.Buffer]))
                    await near.SendAsync(packet, client, _ending.Token);
            }
        }
    }

    private static (string Host, int Port, int Length) ReadHead(byte[] packet)
    {
        Assert.Equal([0, 0, 0], packet[..3]);
        (string host, int length) = packet[3] switch
        {
            1 => ($"{new IPAddress(packet.AsSpan(4, 4))}", 8),
            4 => ($"{new IPAddress(packet.AsSpan(4, 16))}", 20),
            _ => (Encoding.ASCII.GetString(packet, 5, packet[4]), 5 + packet[4]),
        };
        return (host, BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(length)), length + 2);
    }

    private async Task<IPEndPoint?> GreetHttpAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append((char)(await ReadAsync(stream, 1))[0]);
        string[] lines = head.ToString().Split("\r\n");
        string credentials = Wants is { } wanted ? Convert.ToBase64String(Encoding.UTF8.GetBytes($"{wanted.User}:{wanted.Password}")) : "";
        int status = Wants is not null && !lines.Contains($"Proxy-Authorization: Basic {credentials}") ? 407 : Refuses ?? 200;
        string[] request = lines[0].Split(' ');
        Assert.Equal(("CONNECT", "HTTP/1.1", $"Host: {request[1]}"), (request[0], request[2], lines[1]));
        if (status != 407)
            Asked.Enqueue(request[1]);
        if (status != 200)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"), _ending.Token);
            return null;
        }

        int colon = request[1].LastIndexOf(':');
        string host = request[1][..colon];
        return new IPEndPoint(Names.GetValueOrDefault(host) ?? IPAddress.Parse(host), int.Parse(request[1].AsSpan(colon + 1), CultureInfo.InvariantCulture));
    }

    private async Task<byte[]> ReadAsync(NetworkStream stream, int count)
    {
        byte[] bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, _ending.Token);
        return bytes;
    }
}
