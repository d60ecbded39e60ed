namespace TorrentPS.Engine.Transport.Utp;

/// <summary>What one connection receives: data in order that waits to be read, packets that came too early, and the window that the other side is told.</summary>
internal sealed class UtpReceiver(UtpMemory memory)
{
    /// <summary>Bytes that may wait to be read, those included that came too early.</summary>
    public const int MaxReceived = 1 << 20;

    private readonly ByteRing _incoming = new();
    private readonly ReorderBuffer _early = new();
    private ushort _finNumber;
    private bool _hasFin;
    private bool _isDeaf;
    private int _toldWindow = MaxReceived;

    /// <summary>The number of the last packet that has come in order.</summary>
    public ushort Arrived { get; set; }

    /// <summary>Whether the other side is to hear of what has come.</summary>
    public bool IsAckDue { get; set; }

    /// <summary>Bytes that can be read.</summary>
    public int Readable => _incoming.Count;

    /// <summary>Whether everything that the other side had to send has arrived.</summary>
    public bool IsEnded => _hasFin && (short)(Arrived - _finNumber) >= 0;

    /// <summary>Whether packets wait for others that were sent before them.</summary>
    public bool HasEarly => _early.Count > 0;

    private int Window => Math.Min(OwnWindow, memory.RoomFor(_incoming.Count));

    private int OwnWindow => MaxReceived - _incoming.Count - _early.Bytes;

    /// <summary>The window, which the other side is told now.</summary>
    public int TellWindow() => _toldWindow = Window;

    /// <summary>Whether packets wait since before a time for others, and memory is short.</summary>
    public bool IsStuckSince(long time) => memory.IsShort && _early.HasSince(time);

    /// <summary>Takes data, or the last packet.</summary>
    public void Take(in UtpHeader header, ReadOnlySpan<byte> payload, long now)
    {
        IsAckDue = true; // also for what has come before: its acknowledgement was lost
        short ahead = (short)(header.SequenceNumber - Arrived);
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

    /// <summary>Reads what has arrived and says how many bytes.</summary>
    public int Read(Span<byte> destination)
    {
        int count = _incoming.Read(destination);
        memory.GiveBack(count);
        return count;
    }

    /// <summary>Whether the window has grown so much that the other side may wait for that news.</summary>
    public bool IsWindowNews()
    {
        int window = Window;
        return window - _toldWindow >= MaxReceived / 4 || (_toldWindow < UtpMemory.Own / 2 && window >= UtpMemory.Own / 2);
    }

    /// <summary>Nothing is read any more, neither what has come nor what will.</summary>
    public void Drop()
    {
        _isDeaf = true;
        memory.GiveBack(_incoming.Count);
        _incoming.Clear();
    }

    /// <summary>Writes which packets came too early, and says how many bytes that takes.</summary>
    public int WriteSelectiveAck(Span<byte> bits) => HasEarly ? _early.WriteSelectiveAck(bits, Arrived) : 0;

    /// <summary>The connection has ended; what has arrived in order can still be read.</summary>
    public void End()
    {
        memory.GiveBackEarly(_early.Memory);
        _early.Clear();
    }

    /// <summary>Gives back buffers that are not needed for now.</summary>
    public void Trim()
    {
        _incoming.Trim();
        _early.Trim();
    }
}
