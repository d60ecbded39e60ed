namespace TorrentPS.Engine.Transport.Utp;

/// <content>What it receives.</content>
internal sealed partial class UtpConnection
{
    /// <summary>Bytes that may wait to be read, those included that came too early.</summary>
    public const int MaxReceived = 1 << 20;

    private readonly ByteRing _incoming = new();
    private readonly ReorderBuffer _early = new();
    private ushort _arrived;
    private ushort _synNumber;
    private ushort _finNumber;
    private bool _hasFin;
    private bool _isAckDue;
    private bool _isDeaf;
    private int _toldWindow = MaxReceived;

    /// <summary>Bytes that can be read.</summary>
    public int Readable => _incoming.Count;

    /// <summary>Whether everything that the other side had to send has arrived.</summary>
    public bool IsEnded => _hasFin && (short)(_arrived - _finNumber) >= 0;

    private int ReceiveWindow => Math.Min(OwnWindow, _memory.RoomFor(_incoming.Count));

    private int OwnWindow => MaxReceived - _incoming.Count - _early.Bytes;

    /// <summary>Takes a packet that is of this connection.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="selectiveAck">The bits of its selective acknowledgement.</param>
    /// <param name="payload">Its data.</param>
    /// <param name="now">The time.</param>
    public void Receive(in UtpHeader header, ReadOnlySpan<byte> selectiveAck, ReadOnlySpan<byte> payload, long now)
    {
        _now = now;
        if (State == UtpState.Closed)
            return;
        if (header.Type == UtpPacketType.Reset)
        {
            TakeReset(header);
            return;
        }

        if (header.Type == UtpPacketType.Syn)
        {
            // Our answer was lost. Who asks for a connection that has long been there asks for another.
            if (State == UtpState.Answered && header.SequenceNumber == _synNumber)
                SendState();
            return;
        }

        if (!Checks(header))
            return;
        NoteTimestamp(header);
        bool isCurrent = (short)(header.AckNumber + 1 - _sent.First) >= 0;
        if (isCurrent)
        {
            _peerWindow = header.WindowSize;
            if (_peerWindow > 0)
                _windowProbeAt = long.MaxValue;
            else
                _timeouts = 0; // it is there, though it takes nothing
            if (_sent.Count > 0)
                TakeAck(header, selectiveAck, header.Type == UtpPacketType.State);
        }

        if (header.Type is UtpPacketType.Data or UtpPacketType.Fin)
            TakeData(header, payload);
        if (State == UtpState.Closing && _isFinSent && _sent.Count == 0)
            End(UtpFailure.None);
    }

    /// <summary>Checks that a packet answers what was sent, and takes the first one that does as the proof that the other side hears us.</summary>
    private bool Checks(in UtpHeader header)
    {
        switch (State)
        {
            case UtpState.Connecting:
                if (header.Type != UtpPacketType.State || header.AckNumber != _sent.First)
                    return false;
                _arrived = (ushort)(header.SequenceNumber - 1);
                State = UtpState.Connected;
                return true;
            case UtpState.Answered:
                // Whoever forges an address does not see our number (reflection of what follows, such as an MSE key).
                if (header.AckNumber != (ushort)(_sent.First - 1) || header.Type == UtpPacketType.State && header.SequenceNumber != (ushort)(_arrived + 1))
                    return false;
                State = UtpState.Connected;
                _stateEnds = long.MaxValue;
                return true;
            default:
                // No acknowledgement of what was not sent, nor one older than any packet that still travels.
                return (short)(_sent.Next - 1 - header.AckNumber) >= 0 && (short)(header.AckNumber + SentPackets.Max - _sent.First) >= 0;
        }
    }

    private void TakeReset(in UtpHeader header)
    {
        // It acknowledges a packet that we have sent, or one who guesses has sent it.
        int behind = (short)(_sent.Next - header.AckNumber);
        if (behind >= 0 && behind <= _sent.Count + SentPackets.Max && State != UtpState.Answered)
            End(UtpFailure.Reset);
    }

    private void TakeData(in UtpHeader header, ReadOnlySpan<byte> payload)
    {
        _isAckDue = true; // also for what has come before: its acknowledgement was lost
        short ahead = (short)(header.SequenceNumber - _arrived);
        if (ahead <= 0 || ahead >= ReorderBuffer.Max)
            return;
        if (_hasFin && (short)(header.SequenceNumber - _finNumber) > 0)
            return;
        if (_isDeaf)
            payload = default;
        if (payload.Length > OwnWindow)
            return; // more than it was told that we can take
        if (ahead > 1)
        {
            TakeEarly(header, payload);
            return;
        }

        if (!_memory.TryTake(payload.Length, _incoming.Count))
            return;
        NoteFin(header);
        _incoming.Write(payload);
        _arrived++;
        for (int length; (length = _early.MoveTo(_incoming, (ushort)(_arrived + 1))) >= 0; _arrived++)
            _memory.PutInOrder(ReorderBuffer.MemoryOf(length), length);
        if (_isDeaf)
            DropReceived();
    }

    private void TakeEarly(in UtpHeader header, ReadOnlySpan<byte> payload)
    {
        int memory = ReorderBuffer.MemoryOf(payload.Length);
        if (!_memory.TryTakeEarly(memory, _early.Memory))
            return;
        if (_early.Add(header.SequenceNumber, payload, _arrived, _now))
            NoteFin(header);
        else
            _memory.GiveBackEarly(memory);
    }

    private void NoteFin(in UtpHeader header)
    {
        if (header.Type != UtpPacketType.Fin || _hasFin)
            return;
        _hasFin = true;
        _finNumber = header.SequenceNumber;
    }

    /// <summary>Reads what has arrived and says how many bytes.</summary>
    public int Read(Span<byte> destination, long now)
    {
        _now = now;
        int count = _incoming.Read(destination);
        _memory.GiveBack(count);
        // The other side may wait for this.
        int window = ReceiveWindow;
        if (State == UtpState.Connected && (window - _toldWindow >= MaxReceived / 4 || (_toldWindow < UtpMemory.Own / 2 && window >= UtpMemory.Own / 2)))
            SendState();
        return count;
    }

    private void DropReceived()
    {
        _isDeaf = true;
        _memory.GiveBack(_incoming.Count);
        _incoming.Clear();
    }
}
