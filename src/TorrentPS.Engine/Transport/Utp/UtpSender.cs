namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// What one connection sends: keeps data and packets until they are acknowledged, finds out what was lost, and sends as much as the congestion window and the other side's window allow.
/// </summary>
internal sealed class UtpSender
{
    private const int MaxTimeouts = 5;
    private const int MaxSynTimeouts = 2;
    private const int MaxUnprovenTimeouts = 2;

    /// <summary>Bytes taken from the writer beyond what the window lets out, so that there is something to send while the next are fetched.</summary>
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
    private long _highestOrder = -1; // of those acknowledged
    private int _flight;
    private int _lost;
    private int _resent;
    private int _reorder = FirstReorder;
    private int _sameAcks;
    private ushort _recovered;
    private bool _isRecovering;
    private bool _isFinSent;
    private bool _resendsAtOnce; // the first lost packet goes out whatever the window has shrunk to (fast retransmit)
    private bool _tailProbed;
    private long _tailProbeAt = long.MaxValue;
    private long _windowProbeAt = long.MaxValue;
    private long _windowProbePause = FirstWindowProbe;
    private int _lostTogether;
    private int _timeouts;
    private int _allowedTimeouts = MaxTimeouts;

    /// <param name="connection">The connection.</param>
    /// <param name="output">Where its packets go.</param>
    /// <param name="number">The number of the first packet.</param>
    /// <param name="mtu">Finds out how large packets may be.</param>
    /// <param name="delays">How long packets travel.</param>
    public UtpSender(UtpConnection connection, IUtpOutput output, ushort number, MtuSearch mtu, PacketDelays delays)
    {
        (_connection, _output, _mtu, _delays) = (connection, output, mtu, delays);
        _sent = new SentPackets(number);
        _congestion = new Ledbat(mtu.Current);
    }

    /// <summary>When the packets under way count as lost if none is acknowledged.</summary>
    public long Deadline { get; private set; } = long.MaxValue;

    /// <summary>The number of the first packet that is not acknowledged.</summary>
    public ushort First => _sent.First;

    /// <summary>The number that the next packet gets.</summary>
    public ushort Next => _sent.Next;

    /// <summary>Packets that are not acknowledged.</summary>
    public int Count => _sent.Count;

    /// <summary>Bytes under way.</summary>
    public int Flight => _flight;

    /// <summary>The congestion window.</summary>
    public int Window => _congestion.Window;

    /// <summary>Bytes that wait to be sent.</summary>
    public int Unsent => (int)(_outgoing.End - _sentUpTo);

    /// <summary>Room for bytes to send.</summary>
    public int Room => Math.Max(0, MaxUnsent - Unsent);

    /// <summary>Whether the last packet was sent, and all are acknowledged.</summary>
    public bool IsFinAcknowledged => _isFinSent && _sent.Count == 0;

    /// <summary>Bytes that the other side can take, as it says.</summary>
    public uint PeerWindow { get; set; }

    private long Now => _connection.Now;

    /// <summary>The first packet asks for the connection.</summary>
    public void BeginConnecting()
    {
        ref SentPacket syn = ref _sent.Add();
        syn.Transmissions = 1;
        syn.SentAt = Now;
        syn.Place = _outgoing.End;
        Deadline = Now + _roundTrip.Timeout;
    }

    /// <summary>Nothing shows yet that the other side hears us.</summary>
    public void BeginUnproven() => _allowedTimeouts = MaxUnprovenTimeouts;

    /// <summary>Takes bytes to send.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => _outgoing.Write(bytes);

    /// <summary>Takes the window that the other side tells.</summary>
    public void TakeWindow(uint window)
    {
        PeerWindow = window;
        if (window > 0)
            _windowProbeAt = long.MaxValue;
        else
            _timeouts = 0; // it is there, though it takes nothing
    }

    /// <summary>Sends the last packets once more when nothing has come for long.</summary>
    public void Tick()
    {
        if (Now >= _tailProbeAt)
            ProbeTail();
        SendMore(); // where the other side's window was shut
    }

    /// <summary>The deadline is over; false when that was once too often.</summary>
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

    /// <summary>Gives back buffers that are not needed for now.</summary>
    public void Trim()
    {
        if (_sent.Count == 0)
            _sent.Trim();
        _outgoing.Trim();
    }

    /// <summary>Sends what was lost once more, then what is new, as far as the windows allow.</summary>
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

    /// <summary>Sends the next packet of new data; false when it must wait.</summary>
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
    /// Whether something may be sent though it is more than the other side can take: as much as it can when nothing is under way, and from time to time
    /// a packet when it can take nothing, in case its word that it can again was lost.
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
            batch.Send(_output); // a probe goes alone
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

    /// <summary>Nothing comes after the last packets that would show that they are lost: one of them again, before the time-out costs the whole window.</summary>
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

    /// <summary>Takes an acknowledgement, which has been checked to be of packets that were sent.</summary>
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
            TakeForLost(ref _sent[_sent.First], _sent.First); // the other side does not say more (no selective acknowledgement)
        if (_isRecovering && (short)(_sent.First - _recovered) >= 0)
            _isRecovering = false;
        _congestion.Acknowledged(bytes, _delays.Queueing, flight, _mtu.Current);
        if (_sent.Count == 0)
            Deadline = _tailProbeAt = long.MaxValue;
    }

    private void Progressed()
    {
        _timeouts = 0;
        _allowedTimeouts = MaxTimeouts; // it hears what we send
        Deadline = Now + _roundTrip.Timeout;
        _tailProbeAt = long.MaxValue;
        _tailProbed = false;
        _windowProbePause = FirstWindowProbe;
    }

    /// <summary>The bits are of the packets from the second after the acknowledged one; the first after it is missing.</summary>
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
                WasLate(); // it is the first one that has arrived
        }

        // What was sent again and is acknowledged sooner than any packet can be has arrived at the first time: it says nothing of those sent since (RFC 8985, 6.2).
        if (packet.Transmissions == 1 || took >= _roundTrip.Least)
            _highestOrder = Math.Max(_highestOrder, packet.Order);
        if (packet.ProbeSize > 0)
            _mtu.Arrived(packet.ProbeSize);
        return packet.Length;
    }

    /// <summary>A packet was overtaken by more others than we thought possible here.</summary>
    private void WasLate()
    {
        _reorder = Math.Min(_reorder + 3, MostReorder);
        if (--_lostTogether == 0)
            _congestion.NotLost();
    }

    /// <summary>What was sent before several others that have arrived is lost, whether it was sent once or again (BEP 29 "packet loss", RFC 8985).</summary>
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
            _mtu.Failed(packet.ProbeSize); // lost for its size, most likely, which is not congestion
            packet.ProbeSize = 0;
            return;
        }

        // One loss a round trip counts: those of packets that were under way together are one event.
        if (_isRecovering && (short)(number - _recovered) < 0)
        {
            _lostTogether++;
            return;
        }

        if (_lostTogether > 0)
            _reorder = Math.Max(_reorder - 1, FirstReorder); // the last time, something was lost indeed
        _lostTogether = 1;
        _resendsAtOnce = true;
        _isRecovering = true;
        _recovered = _sent.Next;
        _congestion.Lost(_mtu.Current);
    }
}
