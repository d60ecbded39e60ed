namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Packets of one connection that go out together: all as long as the first, but for the last. One a thread, since it is empty again before its user returns.</summary>
internal sealed class UtpBatch
{
    /// <summary>Packets that the system takes at once (UDP_MAX_SEGMENTS of older Linux).</summary>
    private const int MaxPackets = 64;

    private const int MaxLength = 60_000;

    [ThreadStatic]
    private static UtpBatch? s_batch;

    private readonly byte[] _bytes = new byte[MaxLength];
    private int _used;
    private int _packets;
    private int _length;
    private bool _isFull;

    public static UtpBatch OfThread => s_batch ??= new UtpBatch();

    /// <summary>A place for a packet; what is there already is sent before when it does not fit.</summary>
    public Span<byte> Add(int length, IUtpOutput output)
    {
        if (_packets > 0 && (_isFull || length > _length || _used + length > MaxLength || _packets == MaxPackets))
            Send(output);
        if (_packets == 0)
            _length = length;
        _isFull = length < _length;
        Span<byte> place = _bytes.AsSpan(_used, length);
        _used += length;
        _packets++;
        return place;
    }

    /// <summary>Sends all.</summary>
    public bool Send(IUtpOutput output, bool isProbe = false)
    {
        if (_packets == 0)
            return true;
        bool sent = output.Send(_bytes.AsSpan(0, _used), _length, isProbe);
        _used = _packets = 0;
        _isFull = false;
        return sent;
    }
}
