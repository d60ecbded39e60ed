using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Benchmarks.Tracking;

/// <summary>Clients of a tracker: peers of many torrents that announce one after the other.</summary>
internal sealed class TrackerLoad(IPEndPoint tracker, int torrents, int peers)
{
    private const int Connections = 32;
    private const int InFlight = 64;
    private const int FirstPort = 1024;

    private static readonly TimeSpan s_receiveTimeout = TimeSpan.FromMilliseconds(200);

    private readonly byte[][] _hashes = [.. Enumerable.Range(0, torrents).Select(number => SHA1.HashData(BitConverter.GetBytes(number)))];
    private int _next;

    /// <summary>Makes every peer announce once over UDP.</summary>
    public void Fill() => RunUdp(() => _next < peers, AnnounceEvent.Started);

    /// <summary>Announces over UDP, a few at once, for a time.</summary>
    public int RunUdp(TimeSpan time)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        return RunUdp(() => clock.Elapsed < time, AnnounceEvent.None);
    }

    /// <summary>Announces over HTTP for a time, over persistent connections or one for each announce.</summary>
    public async Task<int> RunHttpAsync(TimeSpan time, bool keepAlive)
    {
        using var end = new CancellationTokenSource(time);
        int[] counts = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(() => RunHttpAsync(keepAlive, end.Token)))).ConfigureAwait(false);
        return counts.Sum();
    }

    private int RunUdp(Func<bool> goesOn, AnnounceEvent announceEvent)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)s_receiveTimeout.TotalMilliseconds };
        socket.Connect(tracker);
        byte[] buffer = new byte[2048];
        long connectionId = Connect(socket, buffer);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        int answered = 0;
        int inFlight = 0;
        while (goesOn() || inFlight > 0)
        {
            while (inFlight < InFlight && goesOn())
            {
                (byte[] hash, ushort port) = Next();
                var announce = new UdpAnnounce { InfoHash = hash, PeerId = hash, Left = port & 1, Event = announceEvent, NumWant = 50, Port = port };
                socket.Send(buffer.AsSpan(0, UdpTrackerRequest.WriteAnnounce(buffer, connectionId, 7, announce)));
                inFlight++;
            }
            try
            {
                int length = socket.Receive(buffer);
                if (length < 20 || buffer[3] != 1)
                    throw new InvalidOperationException($"The tracker answered {Encoding.ASCII.GetString(buffer, 0, length)}.");
                answered++;
                inFlight--;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TimedOut)
            {
                // Lost announces are not counted.
                inFlight = 0;
            }
            if (clock.Elapsed > UdpTrackerConnection.Lifetime / 2)
                throw new InvalidOperationException("The tracker is too slow for one connection id.");
        }
        return answered;
    }

    private static long Connect(Socket socket, byte[] buffer)
    {
        socket.Send(buffer.AsSpan(0, UdpTrackerRequest.WriteConnect(buffer, 7)));
        socket.Receive(buffer);
        return UdpTrackerReply.ReadConnect(buffer);
    }

    private async Task<int> RunHttpAsync(bool keepAlive, CancellationToken end)
    {
        byte[] buffer = new byte[4096];
        int count = 0;
        Socket? socket = null;
        try
        {
            while (!end.IsCancellationRequested)
            {
                if (socket is null)
                {
                    socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    await socket.ConnectAsync(tracker, CancellationToken.None).ConfigureAwait(false);
                }
                int length = Write(buffer, keepAlive);
                await socket.SendAsync(buffer.AsMemory(0, length), CancellationToken.None).ConfigureAwait(false);
                if (await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false) == 0 || !buffer.AsSpan().StartsWith("HTTP/1.1 200 OK"u8))
                    throw new InvalidOperationException("The tracker did not answer.");
                count++;
                // A connection is replaced before a thousand requests, after which the tracker closes it.
                if (!keepAlive || count % 900 == 0)
                {
                    socket.Dispose();
                    socket = null;
                }
            }
        }
        finally
        {
            socket?.Dispose();
        }
        return count;
    }

    private int Write(Span<byte> buffer, bool keepAlive)
    {
        (byte[] hash, ushort port) = Next();
        var request = new AnnounceRequest { InfoHash = Engine.Metainfo.InfoHash.Create(hash), PeerId = hash, Port = port, Statistics = new AnnounceStatistics(0, 0, port & 1), NumWant = 50 };
        string target = AnnounceQuery.Announce(new Uri($"http://{tracker}/announce"), request);
        return Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {tracker}\r\nUser-Agent: bench\r\n{(keepAlive ? "" : "Connection: close\r\n")}\r\n", buffer);
    }

    // One peer after the other, in a circle.
    private (byte[] Hash, ushort Port) Next()
    {
        int peer = (Interlocked.Increment(ref _next) - 1) % peers;
        return (_hashes[peer % torrents], (ushort)(FirstPort + peer / torrents));
    }
}
