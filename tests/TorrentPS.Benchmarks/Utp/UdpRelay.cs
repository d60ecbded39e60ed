using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Benchmarks.Utp;

/// <summary>Forwards UDP packets to an address and the answers back, each after a delay, and loses some of them, determined by a seed.</summary>
internal sealed class UdpRelay : IDisposable
{
    private readonly Random _random = new(1);
    private readonly double _loss;
    private readonly TimeSpan _delay;
    private readonly IPEndPoint _target;
    private readonly Socket _front;
    private readonly ConcurrentDictionary<IPEndPoint, Socket> _clients = new();
    private readonly Queue<(Socket From, IPEndPoint To, byte[] Packet, long DueAt)> _travelling = new();
    private volatile bool _isEnding;

    public UdpRelay(IPEndPoint at, IPEndPoint target, double loss, TimeSpan delay)
    {
        (_target, _loss, _delay) = (target, loss, delay);
        _front = Open(at);
        Start(() => Receive(_front, null));
        Start(Deliver);
    }

    private static void Start(ThreadStart work) => new Thread(work) { IsBackground = true }.Start();

    private static Socket Open(IPEndPoint endPoint)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20, SendBufferSize = 4 << 20 };
        socket.Bind(endPoint);
        return socket;
    }

    private void Receive(Socket socket, IPEndPoint? client)
    {
        byte[] buffer = new byte[64 * 1024];
        while (!_isEnding)
        {
            try
            {
                EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                int length = socket.ReceiveFrom(buffer, ref from);
                byte[] packet = buffer[..length];
                if (client is null)
                    Pass(ClientOf((IPEndPoint)from), _target, packet);
                else
                    Pass(_front, client, packet);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                // disposed, or the other port is closed
            }
        }
    }

    private Socket ClientOf(IPEndPoint client)
    {
        if (_clients.TryGetValue(client, out Socket? socket))
            return socket;
        socket = _clients[client] = Open(new IPEndPoint(IPAddress.Loopback, 0));
        Socket opened = socket;
        Start(() => Receive(opened, client));
        return socket;
    }

    private void Pass(Socket from, IPEndPoint to, byte[] packet)
    {
        lock (_travelling)
        {
            if (_random.NextDouble() < _loss)
                return;
            _travelling.Enqueue((from, to, packet, Stopwatch.GetTimestamp() + (long)(_delay.TotalSeconds * Stopwatch.Frequency)));
            Monitor.Pulse(_travelling);
        }
    }

    private void Deliver()
    {
        while (!_isEnding)
        {
            (Socket From, IPEndPoint To, byte[] Packet, long DueAt) next;
            lock (_travelling)
            {
                if (!_travelling.TryPeek(out next))
                {
                    Monitor.Wait(_travelling, 100);
                    continue;
                }

                TimeSpan left = TimeSpan.FromSeconds((next.DueAt - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency);
                if (left > TimeSpan.FromMilliseconds(1))
                {
                    Monitor.Wait(_travelling, left);
                    continue;
                }

                _travelling.Dequeue();
            }

            try
            {
                next.From.SendTo(next.Packet, next.To);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // lost
            }
        }
    }

    public void Dispose()
    {
        _isEnding = true;
        _front.Dispose();
        foreach (Socket socket in _clients.Values)
            socket.Dispose();
    }
}
