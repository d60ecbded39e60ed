namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// One connection (BEP 29) without a socket, a clock or a thread: packets and the time go in, packets come out. Times are in microseconds. Not thread-safe. This type
/// implements the states of the connection; separate types send and receive.
/// </summary>
internal sealed class UtpConnection
{
    private const long AnsweredLimit = 10_000_000;
    private const long CloseLimit = 5_000_000;
    private const long LongestEarly = 5_000_000; // several time-outs of the other side, which has retransmitted the missing packet by then
    private const long KeepAlivePeriod = 29_000_000; // less than the half minute after which routers drop a mapping

    private readonly IUtpOutput _output;
    private readonly ushort _sendId;
    private readonly MtuSearch _mtu;
    private readonly PacketDelays _delays = new();
    private readonly UtpReceiver _receiver;
    private readonly UtpSender _sender;
    private long _now;
    private long _stateEnds = long.MaxValue;
    private long _lastSentAt;
    private ushort _synNumber;

    /// <param name="output">Sends its packets.</param>
    /// <param name="memory">The receive memory that all connections share.</param>
    /// <param name="receiveId">The connection id in packets to us.</param>
    /// <param name="sendId">The connection id in packets from us.</param>
    /// <param name="number">Our first sequence number, which cannot be guessed: its acknowledgement proves that the other side receives our packets.</param>
    /// <param name="mtu">Finds the packet size.</param>
    public UtpConnection(IUtpOutput output, UtpMemory memory, ushort receiveId, ushort sendId, ushort number, MtuSearch mtu)
    {
        _output = output;
        ReceiveId = receiveId;
        _sendId = sendId;
        _mtu = mtu;
        _receiver = new UtpReceiver(memory);
        _sender = new UtpSender(this, output, number, mtu, _delays);
    }

    public ushort ReceiveId { get; }

    public ushort SendId => _sendId;

    public UtpState State { get; private set; }

    /// <summary>Why the connection ended.</summary>
    public UtpFailure Failure { get; private set; }

    /// <summary>Whether it depends on timers: it waits for an acknowledgement, or has data to send.</summary>
    public bool IsBusy => State != UtpState.Connected || _sender.Count > 0 || _sender.Unsent > 0;

    /// <summary>The time of the last call.</summary>
    public long Now => _now;

    /// <summary>The number of bytes that can be written now.</summary>
    public int Writable => State == UtpState.Connected ? _sender.Room : 0;

    /// <inheritdoc cref="UtpReceiver.Readable"/>
    public int Readable => _receiver.Readable;

    /// <inheritdoc cref="UtpReceiver.IsEnded"/>
    public bool IsEnded => _receiver.IsEnded;

    /// <inheritdoc cref="UtpSender.Flight"/>
    public int Flight => _sender.Flight;

    /// <inheritdoc cref="UtpSender.Window"/>
    public int Window => _sender.Window;

    /// <inheritdoc cref="PacketDelays.Queueing"/>
    public long Queueing => _delays.Queueing;

    /// <summary>The largest packet size known to arrive, without the headers of UDP and IP.</summary>
    public int PacketSize => _mtu.Current;

    /// <summary>Requests the connection.</summary>
    public void Connect(long now)
    {
        _now = now;
        State = UtpState.Connecting;
        _sender.BeginConnecting();
        SendSyn();
    }

    /// <summary>Answers a connection request. The answer is no longer than the request, and is repeated only if the request is.</summary>
    /// <param name="syn">The request.</param>
    /// <param name="now">The time.</param>
    /// <param name="wasAnswered">Whether the other side already has the answer.</param>
    public void Accept(in UtpHeader syn, long now, bool wasAnswered = false)
    {
        _now = now;
        State = UtpState.Answered;
        _stateEnds = now + AnsweredLimit;
        _sender.BeginUnproven();
        _receiver.Arrived = _synNumber = syn.SequenceNumber;
        _sender.PeerWindow = syn.WindowSize;
        _delays.Note(syn, now);
        if (!wasAnswered)
            SendState();
    }

    /// <summary>Sends the remaining data, and then the last packet. Nothing more is received.</summary>
    public void Close(long now)
    {
        _now = now;
        _receiver.Drop();
        if (State is UtpState.Closing or UtpState.Closed)
            return;
        if (State != UtpState.Connected)
        {
            End(UtpFailure.None); // the other side has not confirmed the connection yet
            return;
        }

        State = UtpState.Closing;
        _stateEnds = now + CloseLimit;
        _sender.SendMore();
    }

    /// <summary>Ends the connection at once, with a reset.</summary>
    public void Abort(long now)
    {
        _now = now;
        if (State is UtpState.Connected or UtpState.Closing)
            SendReset();
        End(UtpFailure.None);
    }

    /// <summary>Processes timers.</summary>
    public void Tick(long now)
    {
        _now = now;
        if (State == UtpState.Closed)
            return;
        if (now >= _stateEnds)
        {
            if (State == UtpState.Closing)
                SendReset();
            End(UtpFailure.TimedOut);
        }
        else if (_receiver.IsStuckSince(now - LongestEarly))
        {
            // Selectively acknowledged packets are not sent again, so the connection cannot continue without them, and others need the memory.
            SendReset();
            End(UtpFailure.TimedOut);
        }
        else if (now >= _sender.Deadline)
        {
            TimeOut();
        }
        else if (State != UtpState.Connecting)
        {
            _sender.Tick();
            if (now - _lastSentAt >= KeepAlivePeriod && State == UtpState.Connected)
                SendState();
        }

        _sender.Trim();
        _receiver.Trim();
    }

    /// <summary>Processes a packet of this connection.</summary>
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
            // Our answer was lost. A SYN for an established connection is another request.
            if (State == UtpState.Answered && header.SequenceNumber == _synNumber)
                SendState();
            return;
        }

        if (!Checks(header))
            return;
        _delays.Note(header, now);
        bool isCurrent = (short)(header.AckNumber + 1 - _sender.First) >= 0;
        if (isCurrent)
        {
            _sender.TakeWindow(header.WindowSize);
            if (_sender.Count > 0)
                _sender.TakeAck(header, selectiveAck, header.Type == UtpPacketType.State);
        }

        if (header.Type is UtpPacketType.Data or UtpPacketType.Fin)
            _receiver.Take(header, payload, now);
        if (State == UtpState.Closing && _sender.IsFinAcknowledged)
            End(UtpFailure.None);
    }

    /// <summary>Checks that a packet answers what was sent; the first one that does proves that the other side receives our packets.</summary>
    private bool Checks(in UtpHeader header)
    {
        switch (State)
        {
            case UtpState.Connecting:
                if (header.Type != UtpPacketType.State || header.AckNumber != _sender.First)
                    return false;
                _receiver.Arrived = (ushort)(header.SequenceNumber - 1);
                State = UtpState.Connected;
                return true;
            case UtpState.Answered:
                // A sender with a forged address does not see our sequence number; otherwise what follows, such as an MSE key, could be reflected.
                if (header.AckNumber != (ushort)(_sender.First - 1) || header.Type == UtpPacketType.State && header.SequenceNumber != (ushort)(_receiver.Arrived + 1))
                    return false;
                State = UtpState.Connected;
                _stateEnds = long.MaxValue;
                return true;
            default:
                // Neither an acknowledgement of unsent packets, nor one older than any packet that may still arrive.
                return (short)(_sender.Next - 1 - header.AckNumber) >= 0 && (short)(header.AckNumber + SentPackets.Max - _sender.First) >= 0;
        }
    }

    private void TakeReset(in UtpHeader header)
    {
        // It must acknowledge a packet that we have sent, which a guess rarely does.
        int behind = (short)(_sender.Next - header.AckNumber);
        if (behind >= 0 && behind <= _sender.Count + SentPackets.Max && State != UtpState.Answered)
            End(UtpFailure.Reset);
    }

    /// <summary>Reads received bytes and returns their number.</summary>
    public int Read(Span<byte> destination, long now)
    {
        _now = now;
        int count = _receiver.Read(destination);
        if (State == UtpState.Connected && _receiver.IsWindowNews())
            SendState(); // the other side may wait for the larger window
        return count;
    }

    /// <summary>Takes bytes to send and returns their number.</summary>
    public int Write(ReadOnlySpan<byte> bytes, long now)
    {
        _now = now;
        int count = Math.Min(bytes.Length, Writable);
        _sender.Write(bytes[..count]);
        _sender.SendMore();
        return count;
    }

    /// <summary>Sends what is due after received packets: an acknowledgement, and data that the window allows.</summary>
    public void Flush(long now)
    {
        _now = now;
        _sender.SendMore();
        if (_receiver.IsAckDue)
            SendState();
    }

    /// <summary>A data packet was sent, which also acknowledges everything received in order.</summary>
    public void DataSent()
    {
        _lastSentAt = _now;
        if (!_receiver.HasEarly)
            _receiver.IsAckDue = false;
    }

    /// <summary>The header of a packet to send now.</summary>
    public UtpHeader Header(UtpPacketType type, ushort number) =>
        new(type, type == UtpPacketType.Syn ? ReceiveId : _sendId, (uint)_now, _delays.Reply, (uint)_receiver.TellWindow(), number, _receiver.Arrived);

    private void SendSyn()
    {
        Header(UtpPacketType.Syn, _sender.First).Write(UtpBatch.OfThread.Add(UtpHeader.Length, _output));
        Sent(UtpBatch.OfThread.Send(_output));
    }

    private void SendReset()
    {
        Header(UtpPacketType.Reset, _sender.Next).Write(UtpBatch.OfThread.Add(UtpHeader.Length, _output));
        Sent(UtpBatch.OfThread.Send(_output));
    }

    private void SendState()
    {
        Span<byte> bits = stackalloc byte[ReorderBuffer.Max / 8];
        int length = _receiver.WriteSelectiveAck(bits);
        Span<byte> packet = UtpBatch.OfThread.Add(UtpHeader.Length + (length > 0 ? 2 + length : 0), _output);
        Header(UtpPacketType.State, _sender.Next).Write(packet, length > 0 ? UtpHeader.SelectiveAckExtension : (byte)0);
        if (length > 0)
        {
            packet[UtpHeader.Length] = 0;
            packet[UtpHeader.Length + 1] = (byte)length;
            bits[..length].CopyTo(packet[(UtpHeader.Length + 2)..]);
        }

        _receiver.IsAckDue = false;
        Sent(UtpBatch.OfThread.Send(_output));
    }

    private bool Sent(bool result)
    {
        _lastSentAt = _now;
        return result;
    }

    private void TimeOut()
    {
        bool isConnecting = State == UtpState.Connecting;
        if (!_sender.TryBackOff(isConnecting))
        {
            if (!isConnecting)
                SendReset();
            End(UtpFailure.TimedOut);
        }
        else if (isConnecting)
        {
            SendSyn();
        }
    }

    private void End(UtpFailure failure)
    {
        if (State == UtpState.Closed)
            return;
        State = UtpState.Closed;
        Failure = failure;
        _stateEnds = long.MaxValue;
        _sender.End();
        _receiver.End();
    }
}
