using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Tests.Transport.Utp;

/// <summary>One end of a connection on a <see cref="SimulatedLink"/>: sends its data as fast as it can, and keeps received data.</summary>
internal sealed class SimulatedEnd : IUtpOutput
{
    private readonly SimulatedLink _link;
    private readonly byte[] _buffer = new byte[256 << 10];
    private ReadOnlyMemory<byte> _toSend;
    private bool _isClosing;

    public SimulatedEnd(SimulatedLink link, ushort receiveId, ushort sendId, ushort number, int mtu, bool isOutgoing)
    {
        _link = link;
        IsOutgoing = isOutgoing;
        Connection = new UtpConnection(this, link.Memory, receiveId, sendId, number, new MtuSearch(Math.Min(mtu, 1252), mtu));
    }

    public bool IsOutgoing { get; }

    public SimulatedEnd Other { get; set; } = null!;

    public UtpConnection Connection { get; }

    public long ClockOffset { get; init; }

    /// <summary>Microseconds per second by which its clock runs fast.</summary>
    public long Drift { get; init; }

    public MemoryStream Received { get; } = new();

    /// <summary>Whether it reads received data.</summary>
    public bool Reads { get; set; } = true;

    public List<UtpHeader> Sent { get; } = [];

    public long Time => _link.Now + ClockOffset + _link.Now / 1_000_000 * Drift;

    public bool IsConnected => Connection.State == UtpState.Connected;

    public void Send(ReadOnlyMemory<byte> bytes)
    {
        _toSend = bytes;
        Push();
    }

    /// <summary>Closes once all is written.</summary>
    public void CloseAfterSending()
    {
        _isClosing = true;
        Push();
    }

    bool IUtpOutput.Send(ReadOnlySpan<byte> packets, int length, bool isProbe)
    {
        for (; !packets.IsEmpty; packets = packets[Math.Min(length, packets.Length)..])
        {
            byte[] packet = packets[..Math.Min(length, packets.Length)].ToArray();
            Assert.True(UtpHeader.TryRead(packet, out UtpHeader header, out _, out _));
            Sent.Add(header);
            _link.Send(this, packet, isProbe);
        }

        return true;
    }

    public void Take(byte[] packet)
    {
        Assert.True(UtpHeader.TryRead(packet, out UtpHeader header, out ReadOnlySpan<byte> selectiveAck, out ReadOnlySpan<byte> payload));
        if (header.Type == UtpPacketType.Syn && Connection.SendId == header.ConnectionId && !IsOutgoing && Sent.Count == 0)
            Connection.Accept(header, Time);
        else
            Connection.Receive(header, selectiveAck, payload, Time);
        Connection.Flush(Time);
        Push();
        Pull();
    }

    public void Tick()
    {
        Connection.Tick(Time);
        Push();
        Pull();
    }

    private void Push()
    {
        if (IsConnected && !_toSend.IsEmpty)
            _toSend = _toSend[Connection.Write(_toSend.Span, Time)..];
        if (_isClosing && _toSend.IsEmpty && IsConnected)
            Connection.Close(Time);
    }

    public void Pull()
    {
        while (Reads && Connection.Readable > 0)
            Received.Write(_buffer.AsSpan(0, Connection.Read(_buffer, Time)));
    }
}
