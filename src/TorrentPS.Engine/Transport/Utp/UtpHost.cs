using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// All uTP connections of a UDP port: dispatches packets to connections, makes and accepts connections, and drives their timers. An incoming connection is passed on only
/// after it has proved that it received our answer.
/// </summary>
internal sealed class UtpHost : IPacketConsumer, IAsyncDisposable
{
    /// <summary>The maximum number of received and unread bytes of all connections together.</summary>
    public const long MaxReceived = 32L << 20;

    /// <summary>The maximum number of half-open incoming connections that are remembered; beyond it, requests are answered and not remembered.</summary>
    public const int MaxAnswered = 128;

    private const int MaxLostFirst = 1; // packets that may be lost before the one that identifies a connection that was not remembered
    private const long AnswerPeriod = 20_000_000;

    private const int MaxResetsPerSecond = 20;
    private const int Ethernet = 1500;
    private const int Everywhere = 1280; // the minimum MTU of IPv6 networks, which almost every other network carries, too
    private const int HeadersV4 = 28;
    private const int HeadersV6 = 48;

    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan s_idlePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_farewell = TimeSpan.FromMilliseconds(5);
    private const int Farewells = 50;

    private readonly UdpPort _port;
    private readonly TimeProvider _time;
    private readonly Action<PeerStream> _accepted;
    private readonly Action<string>? _log;
    private readonly long _start;
    private readonly UtpMemory _memory = new(MaxReceived);
    private readonly ConcurrentDictionary<UtpAddress, UtpPeerStream> _streams = new();
    private readonly UtpAnswerNumbers _numbers = new();
    private readonly Queue<UtpPeerStream> _answered = new(); // these four are used only by the receiving thread
    private readonly List<UtpPeerStream> _touched = [];
    private (long Second, int Count) _resets;
    private long _notRememberedUntil;
    private readonly ITimer _timer;
    private volatile bool _isIdle = true;
    private int _isTicking;
    private bool _isDisposed;

    /// <param name="port">The UDP port, of which this host gets everything but DHT messages.</param>
    /// <param name="time">The clock.</param>
    /// <param name="accepted">Receives each incoming connection, on a pool thread.</param>
    /// <param name="log">Receives errors that should not happen.</param>
    public UtpHost(UdpPort port, TimeProvider time, Action<PeerStream> accepted, Action<string>? log = null)
    {
        _log = log;
        _port = port;
        _time = time;
        _accepted = accepted;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(static host => ((UtpHost)host!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        port.AttachOther(this);
    }

    /// <summary>Microseconds of this host's clock, which starts at one because 0 means none.</summary>
    public long Now => 1 + _time.GetElapsedTime(_start).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>The number of connections, including half-open and closing ones.</summary>
    public int Count => _streams.Count;

    /// <summary>Connects to a peer.</summary>
    /// <exception cref="SocketException">The connection failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<PeerStream> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        if (!_port.Reaches(endPoint.AddressFamily))
            throw new SocketException((int)SocketError.AddressFamilyNotSupported);
        SocketAddress to = (_port.HasV6 && endPoint.AddressFamily == AddressFamily.InterNetwork ? new IPEndPoint(endPoint.Address.MapToIPv6(), endPoint.Port) : endPoint).Serialize();
        UtpPeerStream stream = Begin(endPoint, to);
        stream.Connect(Now);
        Hurry();
        try
        {
            await stream.Opened.WaitAsync(cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private UtpPeerStream Begin(IPEndPoint endPoint, SocketAddress to)
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            ushort id = RandomNumber();
            var stream = new UtpPeerStream(this, endPoint, to, _memory, id, (ushort)(id + 1), RandomNumber(), isOutgoing: true, SearchFor(endPoint));
            if (_streams.TryAdd(stream.Key, stream))
                return stream;
        }
    }

    private static ushort RandomNumber() => (ushort)RandomNumberGenerator.GetInt32(1 << 16);

    private MtuSearch SearchFor(IPEndPoint endPoint)
    {
        int headers = endPoint.AddressFamily == AddressFamily.InterNetwork ? HeadersV4 : HeadersV6;
        return new MtuSearch(Everywhere - headers, (_port.CanProbe ? Ethernet : Everywhere) - headers);
    }

    /// <summary>Sends consecutive packets.</summary>
    public bool Send(ReadOnlySpan<byte> packets, int length, SocketAddress to, bool isProbe) => _port.SendPackets(packets, length, to, isProbe);

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> datagram, SocketAddress from)
    {
        if (!UtpHeader.TryRead(datagram, out UtpHeader header, out ReadOnlySpan<byte> selectiveAck, out ReadOnlySpan<byte> payload))
            return;
        long now = Now;
        if (header.Type == UtpPacketType.Syn)
            ReceiveSyn(header, from, now);
        else if (Find(header, from) is { } stream)
            Deliver(stream, header, selectiveAck, payload, now);
        else if (header.Type != UtpPacketType.Reset && Remember(header, from, now) is { } answered)
            Deliver(answered, header, selectiveAck, payload, now);
        else if (header.Type != UtpPacketType.Reset)
            Reset(header, from, now);
    }

    private UtpPeerStream? Find(in UtpHeader header, SocketAddress from)
    {
        UtpAddress key = UtpAddress.Of(from, header.ConnectionId);
        if (_streams.TryGetValue(key, out UtpPeerStream? stream) || header.Type != UtpPacketType.Reset)
            return stream;
        // A peer that does not know the connection resets it with the id in our packet, which is the one that we send with.
        foreach (ushort id in (ReadOnlySpan<ushort>)[(ushort)(header.ConnectionId - 1), (ushort)(header.ConnectionId + 1)])
        {
            if (_streams.TryGetValue(key with { Id = id }, out stream) && stream.SendId == header.ConnectionId)
                return stream;
        }

        return null;
    }

    private void Deliver(UtpPeerStream stream, in UtpHeader header, ReadOnlySpan<byte> selectiveAck, ReadOnlySpan<byte> payload, long now)
    {
        bool wasAnswered = stream.State == UtpState.Answered;
        if (!TryReceive(stream, header, selectiveAck, payload, now))
            return;
        if (wasAnswered && stream.State == UtpState.Connected)
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.Host.Pass(state.Stream), (Host: this, Stream: stream), preferLocal: false);
        if (stream.IsTouched)
            return;
        stream.IsTouched = true;
        _touched.Add(stream);
    }

    /// <summary>Passes a packet to a connection; false if that caused a fault, which ends the connection.</summary>
    private bool TryReceive(UtpPeerStream stream, in UtpHeader header, ReadOnlySpan<byte> selectiveAck, ReadOnlySpan<byte> payload, long now)
    {
        try
        {
            stream.Receive(header, selectiveAck, payload, now);
            return true;
        }
        catch (Exception e)
        {
            Fault(stream, e);
            return false;
        }
    }

    /// <summary>Passes on an incoming connection, on a pool thread.</summary>
    private void Pass(UtpPeerStream stream)
    {
        try
        {
            _accepted(stream);
        }
        catch (Exception e)
        {
            Fault(stream, e);
        }
    }

    /// <summary>A fault of this program with a connection ends this connection only.</summary>
    private void Fault(UtpPeerStream stream, Exception fault)
    {
        if (stream.Fail(Now))
            _log?.Invoke($"The uTP connection with {stream.RemoteEndPoint} is closed by a fault of this program: {fault}");
    }

    private void ReceiveSyn(in UtpHeader header, SocketAddress from, long now)
    {
        UtpAddress key = UtpAddress.Of(from, (ushort)(header.ConnectionId + 1));
        if (_streams.TryGetValue(key, out UtpPeerStream? known))
        {
            TryReceive(known, header, default, default, now);
            return;
        }

        while (_answered.TryPeek(out UtpPeerStream? oldest) && oldest.State != UtpState.Answered)
            _answered.Dequeue();
        ushort number = _numbers.Of(key, header.SequenceNumber, now);
        if (_answered.Count >= MaxAnswered)
        {
            AnswerOnly(header, number, from, now);
        }
        else if (Answered(key, header.ConnectionId, number, from) is { } stream)
        {
            _answered.Enqueue(stream);
            stream.Accept(header, now);
            Hurry();
        }
    }

    private UtpPeerStream? Answered(UtpAddress key, ushort sendId, ushort number, SocketAddress from)
    {
        if (_isDisposed)
            return null;
        var to = new SocketAddress(from.Family, from.Size);
        from.Buffer.Span[..from.Size].CopyTo(to.Buffer.Span);
        IPEndPoint endPoint = _port.EndPointOf(from);
        var stream = new UtpPeerStream(this, endPoint, to, _memory, key.Id, sendId, number, isOutgoing: false, SearchFor(endPoint));
        return _streams.TryAdd(stream.Key, stream) ? stream : null;
    }

    /// <summary>Answers a request without remembering it: a flood of requests that are never confirmed must not keep out other peers.</summary>
    private void AnswerOnly(in UtpHeader syn, ushort number, SocketAddress from, long now)
    {
        _notRememberedUntil = now + AnswerPeriod;
        Span<byte> packet = stackalloc byte[UtpHeader.Length];
        new UtpHeader(UtpPacketType.State, syn.ConnectionId, (uint)now, (uint)now - syn.Timestamp, UtpReceiver.MaxReceived, number, syn.SequenceNumber).Write(packet);
        _port.SendPackets(packet, packet.Length, from, isProbe: false);
    }

    /// <summary>
    /// Restores a connection that was answered and not remembered, if the packet proves by the answer's number that the peer received it; otherwise null.
    /// </summary>
    private UtpPeerStream? Remember(in UtpHeader header, SocketAddress from, long now)
    {
        if (now >= _notRememberedUntil)
            return null;
        UtpAddress key = UtpAddress.Of(from, header.ConnectionId);
        for (int ahead = 1; ahead <= (header.Type == UtpPacketType.State ? 1 : 1 + MaxLostFirst); ahead++)
        {
            ushort syn = (ushort)(header.SequenceNumber - ahead), number = (ushort)(header.AckNumber + 1);
            if (!_numbers.WasGiven(number, key, syn, now))
                continue;
            UtpPeerStream? stream = Answered(key, (ushort)(header.ConnectionId - 1), number, from);
            stream?.Accept(header with { SequenceNumber = syn }, now, wasAnswered: true);
            return stream;
        }

        return null;
    }

    /// <summary>Resets an unknown connection; never with more bytes than were received, and with a limited rate.</summary>
    private void Reset(in UtpHeader header, SocketAddress from, long now)
    {
        long second = now / 1_000_000;
        _resets = (second, _resets.Second == second ? _resets.Count + 1 : 1);
        if (_resets.Count > MaxResetsPerSecond)
            return;
        Span<byte> packet = stackalloc byte[UtpHeader.Length];
        new UtpHeader(UtpPacketType.Reset, header.ConnectionId, (uint)now, 0, 0, 0, header.SequenceNumber).Write(packet);
        _port.SendPackets(packet, packet.Length, from, isProbe: false);
    }

    /// <inheritdoc/>
    public void Drained()
    {
        if (_touched.Count == 0)
            return;
        long now = Now;
        foreach (UtpPeerStream stream in _touched)
        {
            stream.IsTouched = false;
            try
            {
                stream.Flush(now);
            }
            catch (Exception e)
            {
                Fault(stream, e);
            }
        }

        _touched.Clear();
    }

    public void Remove(UtpPeerStream stream) => _streams.TryRemove(new(stream.Key, stream));

    /// <summary>Data is in flight: timers are checked more often than once a second.</summary>
    public void Hurry()
    {
        if (!_isIdle)
            return;
        _isIdle = false;
        Schedule(s_period);
    }

    private void Tick()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) != 0)
            return;
        bool wasIdle = _isIdle;
        _isIdle = true;
        bool isBusy = false;
        long now = Now;
        foreach ((_, UtpPeerStream stream) in _streams)
        {
            try
            {
                stream.Tick(now);
                isBusy |= stream.IsBusy;
            }
            catch (Exception e)
            {
                Fault(stream, e);
            }
        }

        if (isBusy)
            _isIdle = false;
        if (!isBusy && _isIdle && _streams.IsEmpty)
            Schedule(Timeout.InfiniteTimeSpan);
        else if (_isIdle != wasIdle || _isIdle)
            Schedule(_isIdle ? s_idlePeriod : s_period);
        if (!_isIdle && !isBusy)
            Schedule(s_period); // data was sent meanwhile
        Volatile.Write(ref _isTicking, 0);
    }

    private void Schedule(TimeSpan period)
    {
        try
        {
            _timer.Change(period, period);
        }
        catch (ObjectDisposedException)
        {
            // the host is being disposed
        }
    }

    /// <summary>Closes all connections; written data is sent as long as the user does not notice the delay.</summary>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        foreach ((_, UtpPeerStream stream) in _streams)
            stream.Dispose();
        for (int i = 0; i < Farewells && !_streams.IsEmpty; i++)
            await Task.Delay(s_farewell).ConfigureAwait(false);
        foreach ((_, UtpPeerStream stream) in _streams)
            stream.Abort(Now);
        await _timer.DisposeAsync().ConfigureAwait(false);
        _port.AttachOther(null);
    }
}
