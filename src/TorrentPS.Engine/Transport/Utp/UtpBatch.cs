namespace TorrentPS.Engine.Transport.Utp;

/// <summary>
/// Packets of one connection that are sent together: all as long as the first, except the last. One per thread, because it is empty again before its user returns.
/// </summary>
internal sealed class UtpBatch
{
    /// <summary>The maximum number of packets per system call (UDP_MAX_SEGMENTS of older Linux).</summary>
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

    /// <summary>Adds a packet; if it does not fit, the packets before it are sent first.</summary>
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

    /// <summary>Sends all packets.</summary>
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
