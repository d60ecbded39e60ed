namespace TorrentPS.Engine.Transport.Utp;

/// <content>What it sends.</content>
internal sealed partial class UtpConnection
{
    /// <summary>Bytes taken from the writer beyond what the window lets out, so that there is something to send while the next are fetched.</summary>
    private const int MaxUnsent = 256 << 10;

    private const int FirstReorder = 3;
    private const int MostReorder = 64;
    private const long FirstWindowProbe = 1_000_000;
    private const long LongestWindowProbe = 15_000_000;
    private const long LeastTailProbe = 20_000;

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
    private long _lastSentAt;
    private uint _peerWindow;

    /// <summary>Bytes that can be written now.</summary>
    public int Writable => State == UtpState.Connected ? Math.Max(0, MaxUnsent - Unsent) : 0;

    /// <summary>Bytes under way.</summary>
    public int Flight => _flight;

    /// <summary>The congestion window.</summary>
    public int Window => _congestion.Window;

    /// <summary>The largest packet that is known to arrive, without the headers of UDP and IP.</summary>
    public int PacketSize => _mtu.Current;

    private int Unsent => (int)(_outgoing.End - _sentUpTo);

    /// <summary>Takes bytes to send and says how many.</summary>
    public int Write(ReadOnlySpan<byte> bytes, long now)
    {
        _now = now;
        int count = Math.Min(bytes.Length, Writable);
        _outgoing.Write(bytes[..count]);
        SendMore();
        return count;
    }

    /// <summary>Sends what is due after one or several packets have come: an acknowledgement, and what the window lets out.</summary>
    public void Flush(long now)
    {
        _now = now;
        SendMore();
        if (_isAckDue)
            SendState();
    }

    private UtpHeader Header(UtpPacketType type, ushort number) =>
        new(type, type == UtpPacketType.Syn ? ReceiveId : _sendId, (uint)_now, _replyDelay, (uint)(_toldWindow = ReceiveWindow), number, _arrived);

    private void SendSyn()
    {
        Header(UtpPacketType.Syn, _sent.First).Write(UtpBatch.OfThread.Add(UtpHeader.Length, _output));
        Sent(UtpBatch.OfThread.Send(_output));
    }

    private void SendReset()
    {
        Header(UtpPacketType.Reset, _sent.Next).Write(UtpBatch.OfThread.Add(UtpHeader.Length, _output));
        Sent(UtpBatch.OfThread.Send(_output));
    }

    private void SendState()
    {
        Span<byte> bits = stackalloc byte[ReorderBuffer.Max / 8];
        int length = _early.Count > 0 ? _early.WriteSelectiveAck(bits, _arrived) : 0;
        Span<byte> packet = UtpBatch.OfThread.Add(UtpHeader.Length + (length > 0 ? 2 + length : 0), _output);
        Header(UtpPacketType.State, _sent.Next).Write(packet, length > 0 ? UtpHeader.SelectiveAckExtension : (byte)0);
        if (length > 0)
        {
            packet[UtpHeader.Length] = 0;
            packet[UtpHeader.Length + 1] = (byte)length;
            bits[..length].CopyTo(packet[(UtpHeader.Length + 2)..]);
        }

        _isAckDue = false;
        Sent(UtpBatch.OfThread.Send(_output));
    }

    private bool Sent(bool result)
    {
        _lastSentAt = _now;
        return result;
    }

    /// <summary>Sends what was lost once more, then what is new, as far as the windows allow.</summary>
    private void SendMore()
    {
        if (State is not (UtpState.Connected or UtpState.Closing))
            return;
        UtpBatch batch = UtpBatch.OfThread;
        if (_lost > 0)
            SendLost(batch);
        while (_lost == 0 && Unsent > 0 && !_sent.IsFull && SendNext(batch))
        {
        }

        if (State == UtpState.Closing && !_isFinSent && Unsent == 0 && _lost == 0 && !_sent.IsFull)
        {
            _isFinSent = true;
            ref SentPacket fin = ref _sent.Add();
            fin.Place = _outgoing.End;
            fin.IsFin = true;
            Transmit(ref fin, (ushort)(_sent.Next - 1), batch);
        }

        batch.Send(_output);
        if (_sent.Count > 0 && _deadline == long.MaxValue)
            _deadline = _now + _roundTrip.Timeout;
        if (_sent.Count > 0 && _tailProbeAt == long.MaxValue && !_tailProbed && _roundTrip.Average > 0)
            _tailProbeAt = _now + 2 * _roundTrip.Average + LeastTailProbe;
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
        if (_flight + (long)length > _peerWindow && !FitsPeer(ref length))
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
        if (_peerWindow > 0)
        {
            length = (int)Math.Min(length, _peerWindow);
            return true;
        }

        if (_windowProbeAt == long.MaxValue)
            _windowProbeAt = _now + _windowProbePause;
        if (_now < _windowProbeAt)
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

        packet.SentAt = _now;
        packet.Order = _order++;
        _flight += packet.Length;
        if (packet.ProbeSize > 0)
            batch.Send(_output); // a probe goes alone
        Span<byte> bytes = batch.Add(UtpHeader.Length + packet.Length, _output);
        Header(packet.IsFin ? UtpPacketType.Fin : UtpPacketType.Data, number).Write(bytes);
        _outgoing.Peek(packet.Place, bytes[UtpHeader.Length..]);
        _lastSentAt = _now;
        if (_early.Count == 0)
            _isAckDue = false; // it goes with the data
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
}
