using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Interop.Tests.Harness;

/// <summary>
/// A UDP relay that forwards packets and their answers, but loses, delays and reorders some, determined by a seed: a bad line on loopback, where the kernel cannot
/// simulate one (netem).
/// </summary>
internal sealed class LossyLink : IDisposable
{
    private readonly Random _random;
    private readonly double _loss;
    private readonly TimeSpan _delay;
    private readonly TimeSpan _jitter;
    private readonly IPEndPoint _target;
    private readonly Socket _front;
    private readonly ConcurrentDictionary<IPEndPoint, Socket> _clients = new();
    private readonly PriorityQueue<(Socket From, IPEndPoint To, byte[] Packet), long> _travelling = new();
    private readonly CancellationTokenSource _ending = new();
    private long _passed;

    /// <param name="target">The destination of packets.</param>
    /// <param name="loss">The fraction of packets lost, each way.</param>
    /// <param name="delay">The delay, each way.</param>
    /// <param name="jitter">The maximum addition to the delay.</param>
    /// <param name="seed">The seed of losses and delays.</param>
    public LossyLink(IPEndPoint target, double loss, TimeSpan delay, TimeSpan jitter, int seed = 1)
    {
        (_target, _loss, _delay, _jitter) = (target, loss, delay, jitter);
        _random = new Random(seed);
        EndPoint = Loopback.Next();
        _front = Open(EndPoint);
        _ = ReceiveAsync(_front, null);
        new Thread(Deliver) { IsBackground = true, Name = "lossy link" }.Start();
    }

    /// <summary>Its address.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>The number of packets forwarded.</summary>
    public long Passed => Volatile.Read(ref _passed);

    private static Socket Open(IPEndPoint endPoint)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20, SendBufferSize = 1 << 20 };
        socket.Bind(endPoint);
        return socket;
    }

    private async Task ReceiveAsync(Socket socket, IPEndPoint? client)
    {
        byte[] buffer = new byte[64 * 1024];
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                SocketReceiveFromResult result = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _ending.Token);
                byte[] packet = buffer[..result.ReceivedBytes];
                if (client is null)
                    Pass(ClientOf((IPEndPoint)result.RemoteEndPoint), _target, packet);
                else
                    Pass(_front, client, packet);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // the port is closed by now
            }
        }
    }

    private Socket ClientOf(IPEndPoint client)
    {
        if (_clients.TryGetValue(client, out Socket? socket))
            return socket;
        socket = _clients[client] = Open(new IPEndPoint(IPAddress.Loopback, 0));
        _ = ReceiveAsync(socket, client);
        return socket;
    }

    private void Pass(Socket from, IPEndPoint to, byte[] packet)
    {
        lock (_travelling)
        {
            if (_random.NextDouble() < _loss)
                return;
            TimeSpan time = _delay + _jitter * _random.NextDouble();
            _travelling.Enqueue((from, to, packet), Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency));
            Monitor.Pulse(_travelling);
        }
    }

    private void Deliver()
    {
        while (!_ending.IsCancellationRequested)
        {
            (Socket From, IPEndPoint To, byte[] Packet) next;
            lock (_travelling)
            {
                if (!_travelling.TryPeek(out _, out long due))
                {
                    Monitor.Wait(_travelling, 100);
                    continue;
                }

                TimeSpan left = TimeSpan.FromSeconds((due - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency);
                if (left > TimeSpan.Zero)
                {
                    Monitor.Wait(_travelling, left + TimeSpan.FromMilliseconds(1));
                    continue;
                }

                next = _travelling.Dequeue();
            }

            try
            {
                next.From.SendTo(next.Packet, next.To);
                Interlocked.Increment(ref _passed);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // lost
            }
        }
    }

    public void Dispose()
    {
        _ending.Cancel();
        _front.Dispose();
        foreach (Socket socket in _clients.Values)
            socket.Dispose();
    }
}
