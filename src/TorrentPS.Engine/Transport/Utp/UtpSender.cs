namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// The sending side of a connection: keeps data and packets until they are acknowledged, detects losses, and sends as much as the congestion window and the other side's
/// window allow.
/// </summary>
internal sealed class UtpSender
{
    private const int MaxTimeouts = 5;
    private const int MaxSynTimeouts = 2;
    private const int MaxUnprovenTimeouts = 2;

    /// <summary>The number of bytes taken from the writer beyond the window, so that there is data to send while more is fetched.</summary>
    private const int MaxUnsent = 256 << 10;

    private const int FirstReorder = 3;
    private const int MostReorder = 64;
    private const long FirstWindowProbe = 1_000_000;
    private const long LongestWindowProbe = 15_000_000;
    private const long LeastTailProbe = 20_000;

    private readonly UtpConnection _connection;
    private readonly IUtpOutput _output;
    private readonly MtuSearch _mtu;
    private readonly PacketDelays _delays;
    private readonly RoundTrip _roundTrip = new();
    private readonly Ledbat _congestion;
    private readonly SentPackets _sent;
    private readonly ByteRing _outgoing = new();
    private long _sentUpTo;
    private long _order;
    private long _highestOrder = -1; // of the acknowledged packets
    private int _flight;
    private int _lost;
    private int _resent;
    private int _reorder = FirstReorder;
    private int _sameAcks;
    private ushort _recovered;
    private bool _isRecovering;
    private bool _isFinSent;
    private bool _resendsAtOnce; // the first lost packet is sent regardless of the reduced window (fast retransmit)
    private bool _tailProbed;
    private long _tailProbeAt = long.MaxValue;
    private long _windowProbeAt = long.MaxValue;
    private long _windowProbePause = FirstWindowProbe;
    private int _lostTogether;
    private int _timeouts;
    private int _allowedTimeouts = MaxTimeouts;

    /// <param name="connection">The connection.</param>
    /// <param name="output">Sends the packets.</param>
    /// <param name="number">The first sequence number.</param>
    /// <param name="mtu">Finds the packet size.</param>
    /// <param name="delays">The packet delays.</param>
    public UtpSender(UtpConnection connection, IUtpOutput output, ushort number, MtuSearch mtu, PacketDelays delays)
    {
        (_connection, _output, _mtu, _delays) = (connection, output, mtu, delays);
        _sent = new SentPackets(number);
        _congestion = new Ledbat(mtu.Current);
    }

    /// <summary>When the packets in flight count as lost if none is acknowledged.</summary>
    public long Deadline { get; private set; } = long.MaxValue;

    /// <summary>The sequence number of the first unacknowledged packet.</summary>
    public ushort First => _sent.First;

    /// <summary>The next sequence number.</summary>
    public ushort Next => _sent.Next;

    /// <summary>The number of unacknowledged packets.</summary>
    public int Count => _sent.Count;

    /// <summary>The number of bytes in flight.</summary>
    public int Flight => _flight;

    /// <summary>The congestion window.</summary>
    public int Window => _congestion.Window;

    /// <summary>The number of bytes that wait to be sent.</summary>
    public int Unsent => (int)(_outgoing.End - _sentUpTo);

    /// <summary>The number of bytes that can still be written.</summary>
    public int Room => Math.Max(0, MaxUnsent - Unsent);

    /// <summary>Whether the last packet was sent and everything is acknowledged.</summary>
    public bool IsFinAcknowledged => _isFinSent && _sent.Count == 0;

    /// <summary>The window advertised by the other side, in bytes.</summary>
    public uint PeerWindow { get; set; }

    private long Now => _connection.Now;

    /// <summary>Sends the first packet, which requests the connection.</summary>
    public void BeginConnecting()
    {
        ref SentPacket syn = ref _sent.Add();
        syn.Transmissions = 1;
        syn.SentAt = Now;
        syn.Place = _outgoing.End;
        Deadline = Now + _roundTrip.Timeout;
    }

    /// <summary>It is not yet proved that the other side receives our packets.</summary>
    public void BeginUnproven() => _allowedTimeouts = MaxUnprovenTimeouts;

    /// <summary>Adds bytes to send.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => _outgoing.Write(bytes);

    /// <summary>Processes the advertised window.</summary>
    public void TakeWindow(uint window)
    {
        PeerWindow = window;
        if (window > 0)
            _windowProbeAt = long.MaxValue;
        else
            _timeouts = 0; // the other side is alive, though it accepts nothing
    }

    /// <summary>Retransmits after time-outs.</summary>
    public void Tick()
    {
        if (Now >= _tailProbeAt)
            ProbeTail();
        SendMore(); // the other side's window was closed
    }

    /// <summary>Handles a time-out; false if the limit of time-outs is reached.</summary>
    /// <param name="isConnecting">Whether the other side has not answered at all.</param>
    public bool TryBackOff(bool isConnecting)
    {
        if (++_timeouts > (isConnecting ? MaxSynTimeouts : _allowedTimeouts))
            return false;
        _roundTrip.BackOff();
        Deadline = Now + _roundTrip.Timeout;
        if (isConnecting)
        {
            _sent[_sent.First].Transmissions++;
            return true;
        }

        LoseAll();
        _congestion.TimedOut(_mtu.Current);
        _isRecovering = true;
        _recovered = _sent.Next;
        SendMore();
        return true;
    }

    /// <summary>The connection has ended.</summary>
    public void End()
    {
        Deadline = _tailProbeAt = long.MaxValue;
        _outgoing.Clear();
    }

    /// <summary>Releases unused buffers.</summary>
    public void Trim()
    {
        if (_sent.Count == 0)
            _sent.Trim();
        _outgoing.Trim();
    }

    /// <summary>Sends lost packets again, then new data, as far as the windows allow.</summary>
    public void SendMore()
    {
        if (_connection.State is not (UtpState.Connected or UtpState.Closing))
            return;
        UtpBatch batch = UtpBatch.OfThread;
        if (_lost > 0)
            SendLost(batch);
        while (_lost == 0 && Unsent > 0 && !_sent.IsFull && SendNext(batch))
        {
        }

        if (_connection.State == UtpState.Closing && !_isFinSent && Unsent == 0 && _lost == 0 && !_sent.IsFull)
        {
            _isFinSent = true;
            ref SentPacket fin = ref _sent.Add();
            fin.Place = _outgoing.End;
            fin.IsFin = true;
            Transmit(ref fin, (ushort)(_sent.Next - 1), batch);
        }

        batch.Send(_output);
        if (_sent.Count > 0 && Deadline == long.MaxValue)
            Deadline = Now + _roundTrip.Timeout;
        if (_sent.Count > 0 && _tailProbeAt == long.MaxValue && !_tailProbed && _roundTrip.Average > 0)
            _tailProbeAt = Now + 2 * _roundTrip.Average + LeastTailProbe;
    }

    private void SendLost(UtpBatch batch)
    {
        for (ushort number = _sent.First; number != _sent.Next && _lost > 0; number++)
        {
            ref SentPacket packet = ref _sent[number];
            if (!packet.IsLost)
                continue;
            if (_flight > 0 && _flight + packet.Length > _congestion.Window && !_resendsAtOnce)
                return;
            _resendsAtOnce = false;
            packet.IsLost = false;
            _lost--;
            Transmit(ref packet, number, batch);
        }
    }

    /// <summary>Sends the next packet of new data; false if it must wait.</summary>
    private bool SendNext(UtpBatch batch)
    {
        int full = _mtu.Current - UtpHeader.Length;
        int probe = _flight > 0 && !_isRecovering ? _mtu.NextProbe : 0;
        if (probe > 0 && Unsent >= probe - UtpHeader.Length)
            full = probe - UtpHeader.Length;
        else
            probe = 0;
        int length = Math.Min(full, Unsent);
        if (_flight > 0 && _flight + length > _congestion.Window)
            return false;
        if (_flight + (long)length > PeerWindow && !FitsPeer(ref length))
            return false;
        ref SentPacket packet = ref _sent.Add();
        packet.Place = _sentUpTo;
        packet.Length = length;
        packet.ProbeSize = probe;
        _sentUpTo += length;
        Transmit(ref packet, (ushort)(_sent.Next - 1), batch);
        return true;
    }

    /// <summary>
    /// Whether data may be sent beyond the other side's window: as much as fits when nothing is in flight, and from time to time a packet into a closed window, in case
    /// the packet that reopened it was lost.
    /// </summary>
    private bool FitsPeer(ref int length)
    {
        if (_flight > 0)
            return false;
        if (PeerWindow > 0)
        {
            length = (int)Math.Min(length, PeerWindow);
            return true;
        }

        if (_windowProbeAt == long.MaxValue)
            _windowProbeAt = Now + _windowProbePause;
        if (Now < _windowProbeAt)
            return false;
        _windowProbeAt = long.MaxValue;
        _windowProbePause = Math.Min(2 * _windowProbePause, LongestWindowProbe);
        length = 1;
        return true;
    }

    private void Transmit(ref SentPacket packet, ushort number, UtpBatch batch)
    {
        if (++packet.Transmissions > 1)
        {
            if (packet.Transmissions == 2)
                _resent++;
            if (packet.ProbeSize > 0)
                _mtu.Failed(packet.ProbeSize);
            packet.ProbeSize = 0;
        }

        packet.SentAt = Now;
        packet.Order = _order++;
        _flight += packet.Length;
        if (packet.ProbeSize > 0)
            batch.Send(_output); // a probe is sent alone
        Span<byte> bytes = batch.Add(UtpHeader.Length + packet.Length, _output);
        _connection.Header(packet.IsFin ? UtpPacketType.Fin : UtpPacketType.Data, number).Write(bytes);
        _outgoing.Peek(packet.Place, bytes[UtpHeader.Length..]);
        _connection.DataSent();
        if (packet.ProbeSize == 0)
            return;
        _mtu.Sent();
        if (batch.Send(_output, isProbe: true))
            return;
        _mtu.Failed(packet.ProbeSize, isCertain: true);
        packet.ProbeSize = 0;
        Lose(ref packet);
    }

    /// <summary>No later packets would reveal the loss of the last ones: one of them is sent again, before the time-out costs the whole window.</summary>
    private void ProbeTail()
    {
        _tailProbeAt = long.MaxValue;
        if (_sent.Count == 0 || _lost > 0)
            return;
        _tailProbed = true;
        for (ushort number = (ushort)(_sent.Next - 1); (short)(number - _sent.First) >= 0; number--)
        {
            ref SentPacket packet = ref _sent[number];
            if (packet.IsAcknowledged)
                continue;
            _flight -= packet.Length;
            UtpBatch batch = UtpBatch.OfThread;
            Transmit(ref packet, number, batch);
            batch.Send(_output);
            return;
        }
    }

    private void Lose(ref SentPacket packet)
    {
        packet.IsLost = true;
        _lost++;
        _flight -= packet.Length;
    }

    private void LoseAll()
    {
        for (ushort number = _sent.First; number != _sent.Next; number++)
        {
            ref SentPacket packet = ref _sent[number];
            if (packet.IsAcknowledged || packet.IsLost)
                continue;
            Lose(ref packet);
            packet.HasTimedOut = true;
            if (packet.ProbeSize > 0)
                _mtu.Failed(packet.ProbeSize);
            packet.ProbeSize = 0;
        }
    }

    /// <summary>Processes an acknowledgement, which has been checked to refer to sent packets.</summary>
    public void TakeAck(in UtpHeader header, ReadOnlySpan<byte> selectiveAck, bool isBare)
    {
        int flight = _flight, bytes = 0;
        int whole = (ushort)(header.AckNumber + 1 - _sent.First);
        for (int i = 0; i < whole; i++)
        {
            ref SentPacket packet = ref _sent[_sent.First];
            if (!packet.IsAcknowledged)
                bytes += Acknowledge(ref packet);
            _outgoing.SkipTo(packet.Place + packet.Length);
            if (packet.Transmissions > 1)
                _resent--;
            _sent.RemoveFirst();
        }

        bytes += TakeSelectiveAck(selectiveAck);
        _sameAcks = whole == 0 && isBare && selectiveAck.IsEmpty && _sent.Count > 0 ? _sameAcks + 1 : 0;
        if (whole > 0 || bytes > 0)
            Progressed();
        if (_sent.Count > 0 && (!selectiveAck.IsEmpty || _resent > 0))
            FindLost();
        if (_sameAcks == FirstReorder && !_sent[_sent.First].IsLost)
            TakeForLost(ref _sent[_sent.First], _sent.First); // without selective acknowledgement, the other side reports no more
        if (_isRecovering && (short)(_sent.First - _recovered) >= 0)
            _isRecovering = false;
        _congestion.Acknowledged(bytes, _delays.Queueing, flight, _mtu.Current);
        if (_sent.Count == 0)
            Deadline = _tailProbeAt = long.MaxValue;
    }

    private void Progressed()
    {
        _timeouts = 0;
        _allowedTimeouts = MaxTimeouts; // the other side receives our packets
        Deadline = Now + _roundTrip.Timeout;
        _tailProbeAt = long.MaxValue;
        _tailProbed = false;
        _windowProbePause = FirstWindowProbe;
    }

    /// <summary>The bits begin with the second packet after the acknowledged one; the first is missing.</summary>
    private int TakeSelectiveAck(ReadOnlySpan<byte> bits)
    {
        int bytes = 0, count = Math.Min(8 * bits.Length, _sent.Count - 1);
        for (int i = 0; i < count; i++)
        {
            if ((bits[i / 8] & (1 << (i % 8))) == 0)
                continue;
            ref SentPacket packet = ref _sent[(ushort)(_sent.First + 1 + i)];
            if (!packet.IsAcknowledged)
                bytes += Acknowledge(ref packet);
        }

        return bytes;
    }

    private int Acknowledge(ref SentPacket packet)
    {
        packet.IsAcknowledged = true;
        long took = Now - packet.SentAt;
        if (packet.IsLost)
        {
            packet.IsLost = false;
            _lost--;
            if (packet.Transmissions == 1 && !packet.HasTimedOut)
                WasLate();
        }
        else
        {
            _flight -= packet.Length;
            if (packet.Transmissions == 1)
                _roundTrip.Add(took);
            else if (!packet.HasTimedOut && _roundTrip.Least != long.MaxValue && took < _roundTrip.Least / 2)
                WasLate(); // the first transmission has arrived
        }

        // A retransmitted packet that is acknowledged sooner than possible arrived at the first transmission: it says nothing about packets sent since (RFC 8985, 6.2).
        if (packet.Transmissions == 1 || took >= _roundTrip.Least)
            _highestOrder = Math.Max(_highestOrder, packet.Order);
        if (packet.ProbeSize > 0)
            _mtu.Arrived(packet.ProbeSize);
        return packet.Length;
    }

    /// <summary>A packet was reordered by more than expected.</summary>
    private void WasLate()
    {
        _reorder = Math.Min(_reorder + 3, MostReorder);
        if (--_lostTogether == 0)
            _congestion.NotLost();
    }

    /// <summary>A packet sent before several others that have arrived is lost, whether it was sent once or again (BEP 29 "packet loss", RFC 8985).</summary>
    private void FindLost()
    {
        int reorder = Math.Clamp(_sent.Count / 2, FirstReorder, _reorder);
        for (ushort number = _sent.First; number != _sent.Next; number++)
        {
            ref SentPacket packet = ref _sent[number];
            if (!packet.IsAcknowledged && !packet.IsLost && packet.Order + reorder <= _highestOrder)
                TakeForLost(ref packet, number);
        }
    }

    private void TakeForLost(ref SentPacket packet, ushort number)
    {
        Lose(ref packet);
        if (packet.ProbeSize > 0)
        {
            _mtu.Failed(packet.ProbeSize); // lost because of its size, most likely, which is not congestion
            packet.ProbeSize = 0;
            return;
        }

        // One loss per round trip counts: packets in flight together are lost in one event.
        if (_isRecovering && (short)(number - _recovered) < 0)
        {
            _lostTogether++;
            return;
        }

        if (_lostTogether > 0)
            _reorder = Math.Max(_reorder - 1, FirstReorder); // the last loss was real
        _lostTogether = 1;
        _resendsAtOnce = true;
        _isRecovering = true;
        _recovered = _sent.Next;
        _congestion.Lost(_mtu.Current);
    }
}
