namespace TorrentPS.Engine.Transport.Utp;

/// <summary>The receiving side of a connection: unread data in order, packets out of order, and the advertised window.</summary>
internal sealed class UtpReceiver(UtpMemory memory)
{
    /// <summary>The maximum number of unread bytes, including packets out of order.</summary>
    public const int MaxReceived = 1 << 20;

    private readonly ByteRing _incoming = new();
    private readonly ReorderBuffer _early = new();
    private ushort _finNumber;
    private bool _hasFin;
    private bool _isDeaf;
    private int _toldWindow = MaxReceived;

    /// <summary>The sequence number up to which all packets have arrived.</summary>
    public ushort Arrived { get; set; }

    /// <summary>Whether an acknowledgement is due.</summary>
    public bool IsAckDue { get; set; }

    /// <summary>The number of bytes that can be read.</summary>
    public int Readable => _incoming.Count;

    /// <summary>Whether everything up to the last packet has arrived.</summary>
    public bool IsEnded => _hasFin && (short)(Arrived - _finNumber) >= 0;

    /// <summary>Whether packets wait for earlier ones.</summary>
    public bool HasEarly => _early.Count > 0;

    private int Window => Math.Min(OwnWindow, memory.RoomFor(_incoming.Count));

    private int OwnWindow => MaxReceived - _incoming.Count - _early.Bytes;

    /// <summary>Returns the window to advertise now.</summary>
    public int TellWindow() => _toldWindow = Window;

    /// <summary>Whether packets out of order have waited since a time, while memory is short.</summary>
    public bool IsStuckSince(long time) => memory.IsShort && _early.HasSince(time);

    /// <summary>Processes a data packet, or the last packet.</summary>
    public void Take(in UtpHeader header, ReadOnlySpan<byte> payload, long now)
    {
        IsAckDue = true; // also for a duplicate, whose acknowledgement was lost
        short ahead = (short)(header.SequenceNumber - Arrived);
        if (ahead <= 0 || ahead >= ReorderBuffer.Max)
            return;
        if (_hasFin && (short)(header.SequenceNumber - _finNumber) > 0)
            return;
        if (_isDeaf)
            payload = default;
        if (payload.Length > OwnWindow)
            return; // beyond the advertised window
        if (ahead > 1)
        {
            TakeEarly(header, payload, now);
            return;
        }

        if (!memory.TryTake(payload.Length, _incoming.Count))
            return;
        NoteFin(header);
        _incoming.Write(payload);
        Arrived++;
        for (int length; (length = _early.MoveTo(_incoming, (ushort)(Arrived + 1))) >= 0; Arrived++)
            memory.PutInOrder(ReorderBuffer.MemoryOf(length), length);
        if (_isDeaf)
            Drop();
    }

    private void TakeEarly(in UtpHeader header, ReadOnlySpan<byte> payload, long now)
    {
        int taken = ReorderBuffer.MemoryOf(payload.Length);
        if (!memory.TryTakeEarly(taken, _early.Memory))
            return;
        if (_early.Add(header.SequenceNumber, payload, Arrived, now))
            NoteFin(header);
        else
            memory.GiveBackEarly(taken);
    }

    private void NoteFin(in UtpHeader header)
    {
        if (header.Type != UtpPacketType.Fin || _hasFin)
            return;
        _hasFin = true;
        _finNumber = header.SequenceNumber;
    }

    /// <summary>Reads received bytes and returns their number.</summary>
    public int Read(Span<byte> destination)
    {
        int count = _incoming.Read(destination);
        memory.GiveBack(count);
        return count;
    }

    /// <summary>Whether the window has grown so much that the other side may be waiting for it.</summary>
    public bool IsWindowNews()
    {
        int window = Window;
        return window - _toldWindow >= MaxReceived / 4 || (_toldWindow < UtpMemory.Own / 2 && window >= UtpMemory.Own / 2);
    }

    /// <summary>Discards all received data, now and in future.</summary>
    public void Drop()
    {
        _isDeaf = true;
        memory.GiveBack(_incoming.Count);
        _incoming.Clear();
    }

    /// <summary>Writes the selective acknowledgement, and returns its number of bytes.</summary>
    public int WriteSelectiveAck(Span<byte> bits) => HasEarly ? _early.WriteSelectiveAck(bits, Arrived) : 0;

    /// <summary>The connection has ended; data in order can still be read.</summary>
    public void End()
    {
        memory.GiveBackEarly(_early.Memory);
        _early.Clear();
    }

    /// <summary>Releases unused buffers.</summary>
    public void Trim()
    {
        _incoming.Trim();
        _early.Trim();
    }
}
