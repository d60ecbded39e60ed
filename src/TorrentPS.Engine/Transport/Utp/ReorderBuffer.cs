using System.Buffers;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Packets received out of order, each in a pooled buffer, and their selective acknowledgement.</summary>
internal sealed class ReorderBuffer
{
    /// <summary>The maximum distance from the first missing packet; packets further ahead must be sent again.</summary>
    public const int Max = 1024;

    private const int Least = 64; // the memory of a packet without data

    private Place[] _packets = [];
    private ushort _highest;

    public int Count { get; private set; }

    /// <summary>The total size of their data in bytes.</summary>
    public int Bytes { get; private set; }

    /// <summary>The memory that they use.</summary>
    public int Memory { get; private set; }

    /// <summary>The memory of a packet: the pool's buffer sizes are powers of two.</summary>
    public static int MemoryOf(int length) => Math.Max(Least, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length));

    /// <summary>Stores a packet.</summary>
    /// <param name="number">Its sequence number, less than <see cref="Max"/> after <paramref name="arrived"/>.</param>
    /// <param name="payload">Its data.</param>
    /// <param name="arrived">The sequence number up to which all packets have arrived.</param>
    /// <param name="now">The time.</param>
    /// <returns>False if it is already stored.</returns>
    public bool Add(ushort number, ReadOnlySpan<byte> payload, ushort arrived, long now)
    {
        if (_packets.Length == 0)
            _packets = new Place[Max];
        ref Place place = ref _packets[number % Max];
        if (place.Bytes is not null)
            return false;
        place = new Place(ArrayPool<byte>.Shared.Rent(payload.Length), payload.Length, now);
        payload.CopyTo(place.Bytes);
        if (Count == 0 || (short)(number - arrived) > (short)(_highest - arrived))
            _highest = number;
        Count++;
        Bytes += payload.Length;
        Memory += MemoryOf(payload.Length);
        return true;
    }

    /// <summary>Moves a packet to a stream, if it is here.</summary>
    /// <returns>Its length; -1 if it is not here.</returns>
    public int MoveTo(ByteRing stream, ushort number)
    {
        if (Count == 0)
            return -1;
        ref Place place = ref _packets[number % Max];
        if (place.Bytes is null)
            return -1;
        int length = place.Length;
        stream.Write(place.Bytes.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(place.Bytes);
        place = default;
        Count--;
        Bytes -= length;
        Memory -= MemoryOf(length);
        return length;
    }

    /// <summary>Whether any packet has been here since a time, or longer.</summary>
    public bool HasSince(long time)
    {
        if (Count == 0)
            return false;
        foreach (ref readonly Place place in _packets.AsSpan())
        {
            if (place.Bytes is not null && place.Since <= time)
                return true;
        }

        return false;
    }

    /// <summary>Writes the bits of the packets here, from the second one after the last in order (BEP 29, "selective ACK"), and returns their number of bytes.</summary>
    public int WriteSelectiveAck(Span<byte> bits, ushort arrived)
    {
        int span = (ushort)(_highest - arrived - 1);
        int length = Math.Min((span + 31) / 32 * 4, bits.Length / 4 * 4);
        bits[..length].Clear();
        for (int i = 0; i < Math.Min(span, 8 * length); i++)
        {
            if (_packets[(ushort)(arrived + 2 + i) % Max].Bytes is not null)
                bits[i / 8] |= (byte)(1 << (i % 8));
        }

        return length;
    }

    /// <summary>Discards all packets.</summary>
    public void Clear()
    {
        foreach (ref readonly Place place in Count == 0 ? [] : _packets.AsSpan())
        {
            if (place.Bytes is not null)
                ArrayPool<byte>.Shared.Return(place.Bytes);
        }

        Reset();
    }

    /// <summary>Releases the table if it is empty.</summary>
    public void Trim()
    {
        if (Count == 0)
            Reset();
    }

    private void Reset()
    {
        _packets = [];
        Count = Bytes = Memory = 0;
    }

    private readonly record struct Place(byte[] Bytes, int Length, long Since);
}
