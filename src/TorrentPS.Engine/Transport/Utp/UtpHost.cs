using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// All uTP connections of a UDP port: gives each packet to its connection, makes and accepts connections, and lets time pass for them. Who comes
/// is handed on only when he has shown that our answer reached him.
/// </summary>
internal sealed class UtpHost : IPacketConsumer, IAsyncDisposable
{
    /// <summary>Bytes that have arrived and are not read yet, of all connections together.</summary>
    public const long MaxReceived = 32L << 20;

    /// <summary>Connections at once that somebody has asked for who has not shown yet that he is where he says; beyond these, who asks is answered and not remembered.</summary>
    public const int MaxAnswered = 128;

    private const int MaxLostFirst = 1; // packets that may be lost before the one by which somebody who was not remembered is known
    private const long AnswerPeriod = 20_000_000;

    private const int MaxResetsPerSecond = 20;
    private const int Ethernet = 1500;
    private const int Everywhere = 1280; // what each network with IPv6 carries, and nearly each other
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
    private readonly Queue<UtpPeerStream> _answered = new(); // these four are of the thread that receives packets alone
    private readonly List<UtpPeerStream> _touched = [];
    private (long Second, int Count) _resets;
    private long _notRememberedUntil;
    private readonly ITimer _timer;
    private volatile bool _isIdle = true;
    private int _isTicking;
    private bool _isDisposed;

    /// <param name="port">The port, of which it takes everything that is not the DHT's.</param>
    /// <param name="time">The clock.</param>
    /// <param name="accepted">Gets each connection that somebody made, on a pool thread.</param>
    /// <param name="log">Gets what happens that must not.</param>
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

    /// <summary>Microseconds of a clock that only this host has; it begins with one, since a time of 0 means none.</summary>
    public long Now => 1 + _time.GetElapsedTime(_start).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Connections there are, those included that are being made or closed.</summary>
    public int Count => _streams.Count;

    /// <summary>Connects to a peer.</summary>
    /// <exception cref="SocketException">There is no connection to be had.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
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

    /// <summary>Sends packets that lie one after the other.</summary>
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
        // Who does not know the connection answers with the id that was in the packet, which is the one that we send.
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

    /// <summary>Gives a connection a packet; false when that brought out a fault, which ends it.</summary>
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

    /// <summary>Hands on a connection that was made, on a pool thread.</summary>
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

    /// <summary>Something happened with a connection that must not: it costs this one, and no other.</summary>
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

    /// <summary>Answers one who asks for a connection and forgets it: a flood of those who confirm nothing must keep out nobody who does.</summary>
    private void AnswerOnly(in UtpHeader syn, ushort number, SocketAddress from, long now)
    {
        _notRememberedUntil = now + AnswerPeriod;
        Span<byte> packet = stackalloc byte[UtpHeader.Length];
        new UtpHeader(UtpPacketType.State, syn.ConnectionId, (uint)now, (uint)now - syn.Timestamp, UtpReceiver.MaxReceived, number, syn.SequenceNumber).Write(packet);
        _port.SendPackets(packet, packet.Length, from, isProbe: false);
    }

    /// <summary>The connection of one who was answered and forgotten, and shows by the answer's number that it reached him; null for anybody else.</summary>
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

    /// <summary>Tells one who speaks of a connection that is not there; never more than was received, and not often.</summary>
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

    /// <summary>Something is under way: its time-outs are looked at more often than once a second.</summary>
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
            Schedule(s_period); // somebody was in a hurry meanwhile
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
            // it ends
        }
    }

    /// <summary>Closes all connections: what was written and is under way is waited for as long as a user does not notice.</summary>
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
