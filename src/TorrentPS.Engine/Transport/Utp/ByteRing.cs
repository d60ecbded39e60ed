using System.Buffers;
using System.Numerics;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Consecutive bytes of a stream, by their offset in it, in one pooled buffer that grows with them and is returned when it is empty.</summary>
internal sealed class ByteRing
{
    private const int FirstLength = 4 * 1024;

    private byte[] _buffer = [];
    private int _mask = -1;

    /// <summary>The offset of the first byte.</summary>
    public long Start { get; private set; }

    /// <summary>The offset after the last byte.</summary>
    public long End { get; private set; }

    public int Count => (int)(End - Start);

    /// <summary>Adds bytes at the end.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        if (Count + bytes.Length > _mask + 1)
            Grow(Count + bytes.Length);
        int at = (int)End & _mask, first = Math.Min(bytes.Length, _mask + 1 - at);
        bytes[..first].CopyTo(_buffer.AsSpan(at));
        bytes[first..].CopyTo(_buffer);
        End += bytes.Length;
    }

    /// <summary>Copies bytes from an offset between <see cref="Start"/> and <see cref="End"/>.</summary>
    public void Peek(long place, Span<byte> destination)
    {
        if (destination.IsEmpty)
            return;
        int at = (int)place & _mask, first = Math.Min(destination.Length, _mask + 1 - at);
        _buffer.AsSpan(at, first).CopyTo(destination);
        _buffer.AsSpan(0, destination.Length - first).CopyTo(destination[first..]);
    }

    /// <summary>Removes bytes from the beginning and returns their number.</summary>
    public int Read(Span<byte> destination)
    {
        int count = Math.Min(destination.Length, Count);
        Peek(Start, destination[..count]);
        Start += count;
        return count;
    }

    /// <summary>Discards everything before an offset.</summary>
    public void SkipTo(long place) => Start = Math.Max(Start, Math.Min(place, End));

    /// <summary>Returns the buffer to the pool if it is empty.</summary>
    public void Trim()
    {
        if (Count == 0)
            Clear();
    }

    private void Grow(int needed)
    {
        int length = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(needed, Math.Max(FirstLength, 2 * (_mask + 1))));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        int count = Count, at = (int)Start & (length - 1), first = Math.Min(count, length - at);
        Peek(Start, buffer.AsSpan(at, first));
        Peek(Start + first, buffer.AsSpan(0, count - first));
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = buffer;
        _mask = length - 1;
    }

    /// <summary>Discards all bytes and returns the buffer to the pool.</summary>
    public void Clear()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _mask = -1;
        Start = End;
    }
}
