using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Trackers;

/// <summary>A network in memory with scripted UDP trackers: by default they accept connects and answer announces with their peers.</summary>
internal sealed class InMemoryUdpTracker(ObservedTimeProvider time)
{
    private readonly DateTimeOffset _begin = time.GetUtcNow();
    private readonly List<int> _timersAtSend = [];
    private readonly Channel<bool> _isSent = Channel.CreateUnbounded<bool>();
    private long _lastConnectionId = 0x1000;

    /// <summary>The datagrams sent, with the seconds since the start.</summary>
    public List<(double At, IPEndPoint To, UdpTrackerAction Action, byte[] Datagram)> Sent { get; } = [];

    public IEnumerable<(double At, UdpTrackerAction Action)> Times => Sent.Select(sent => (sent.At, sent.Action));

    /// <summary>The number of open sockets.</summary>
    public int Open { get; private set; }

    /// <summary>The answers to a datagram; null for those of a tracker.</summary>
    public Func<IPEndPoint, byte[], IEnumerable<byte[]>?> OnDatagram { get; set; } = (_, _) => null;

    /// <summary>A fault of this program, thrown once when a datagram arrives.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Addresses without a listener.</summary>
    public HashSet<IPAddress> Refusing { get; } = [];

    public IDatagramSocket OpenSocket(IPEndPoint remote)
    {
        Open++;
        return new Socket(this, remote);
    }

    /// <summary>Waits until the given number of datagrams was sent and its answer is awaited, then advances the clock by a number of seconds.</summary>
    public async Task PassAsync(int datagram, double seconds, double? wait = null)
    {
        int timers;
        while (true)
        {
            lock (Sent)
            {
                if (Sent.Count >= datagram)
                {
                    timers = _timersAtSend[datagram - 1];
                    break;
                }
            }
            await _isSent.Reader.ReadAsync(TestContext.Current.CancellationToken);
        }
        await time.UntilTimerAsync(timers, wait ?? seconds);
        time.Advance(TimeSpan.FromSeconds(seconds));
    }

    /// <summary>The answers of a tracker.</summary>
    public byte[][] Answer(IPEndPoint to, byte[] datagram)
    {
        UdpTrackerRequest.TryReadHeader(datagram, out long connectionId, out UdpTrackerAction action, out uint transactionId);
        byte[] reply = new byte[1024];
        bool isIPv6 = to.AddressFamily == AddressFamily.InterNetworkV6;
        switch (action)
        {
            case UdpTrackerAction.Connect:
                Assert.Equal(UdpTrackerRequest.ProtocolId, connectionId);
                return [reply[..UdpTrackerReply.WriteConnect(reply, transactionId, ++_lastConnectionId)]];
            case UdpTrackerAction.Announce:
                int length = UdpTrackerReply.WriteAnnounce(reply, transactionId, 900, leechers: 3, seeders: 2);
                byte[] peer = isIPv6 ? [.. IPAddress.Parse("2001:db8::7").GetAddressBytes(), 0, 80] : [192, 0, 2, 7, 0, 80];
                return [[.. reply[..length], .. peer]];
            default:
                return [[.. reply[..UdpTrackerReply.WriteScrape(reply, transactionId)], .. Enumerable.Range(0, (datagram.Length - 16) / 20).SelectMany(Counts)]];
        }

        static byte[] Counts(int number)
        {
            byte[] counts = new byte[12];
            UdpTrackerReply.WriteCounts(counts, seeders: number, downloads: 2, leechers: 1);
            return counts;
        }
    }

    /// <summary>An error with the transaction id of a request.</summary>
    public static byte[] Error(byte[] datagram, string text) => [0, 0, 0, 3, .. datagram[12..16], .. System.Text.Encoding.UTF8.GetBytes(text)];

    private sealed class Socket(InMemoryUdpTracker network, IPEndPoint remote) : IDatagramSocket
    {
        private readonly Channel<byte[]> _received = Channel.CreateUnbounded<byte[]>();
        private bool _isClosed;

        public ValueTask SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken)
        {
            byte[] bytes = datagram.ToArray();
            UdpTrackerRequest.TryReadHeader(bytes, out _, out UdpTrackerAction action, out _);
            lock (network.Sent)
            {
                network.Sent.Add(((network.Now - network._begin).TotalSeconds, remote, action, bytes));
                network._timersAtSend.Add(network.Timers);
            }
            network._isSent.Writer.TryWrite(true);
            if (network.Refusing.Contains(remote.Address))
                throw new SocketException((int)SocketError.ConnectionRefused);
            foreach (byte[] reply in network.OnDatagram(remote, bytes) ?? network.Answer(remote, bytes))
                _received.Writer.TryWrite(reply);
            return default;
        }

        public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            byte[] datagram = await _received.Reader.ReadAsync(cancellationToken);
            if (network.Fault is { } fault)
            {
                network.Fault = null;
                throw fault;
            }

            datagram.CopyTo(buffer);
            return datagram.Length;
        }

        public void Dispose()
        {
            if (_isClosed)
                return;
            _isClosed = true;
            network.Open--;
        }
    }

    private DateTimeOffset Now => time.GetUtcNow();

    private int Timers => time.Timers;
}
