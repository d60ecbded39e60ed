namespace TorrentPS.Engine.Transport.Utp;

/// <content>What it learns from acknowledgements.</content>
internal sealed partial class UtpConnection
{
    private const uint MostDrift = 10_000;

    private readonly DelayHistory _ourDelays = new();
    private readonly DelayHistory _theirDelays = new();
    private uint _replyDelay;
    private int _lostTogether;

    /// <summary>How long our packets wait in queues, in microseconds.</summary>
    public long Queueing => _ourDelays.Queueing;

    /// <summary>Takes what a packet says of the time that packets take.</summary>
    private void NoteTimestamp(in UtpHeader header)
    {
        _replyDelay = (uint)_now - header.Timestamp;
        uint before = _theirDelays.Base;
        bool isFirst = !_theirDelays.HasSamples;
        _theirDelays.Add(_replyDelay, _now);
        // Their packets seem to get faster: their clock falls behind ours, and so ours seem to get slower, for which no queue is to blame.
        if (!isFirst && DelayHistory.IsBefore(_theirDelays.Base, before) && before - _theirDelays.Base <= MostDrift)
            _ourDelays.Shift(before - _theirDelays.Base);
        if (header.TimestampDifference != 0)
            _ourDelays.Add(header.TimestampDifference, _now);
    }

    /// <summary>Takes an acknowledgement, which has been checked to be of packets that were sent.</summary>
    private void TakeAck(in UtpHeader header, ReadOnlySpan<byte> selectiveAck, bool isBare)
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
        _congestion.Acknowledged(bytes, Queueing, flight, _mtu.Current);
        if (_sent.Count == 0)
            _deadline = _tailProbeAt = long.MaxValue;
    }

    private void Progressed()
    {
        _timeouts = 0;
        _allowedTimeouts = MaxTimeouts; // it hears what we send
        _deadline = _now + _roundTrip.Timeout;
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
        long took = _now - packet.SentAt;
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
