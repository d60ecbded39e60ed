using System.Buffers;

namespace TorrentPS.Engine.Transport.Utp;

/// <summary>Packets that have arrived before others that come before them, each in a pooled buffer, and which of them the other side is told of.</summary>
internal sealed class ReorderBuffer
{
    /// <summary>Packets ahead of the first missing one that are kept; what is further ahead must come again.</summary>
    public const int Max = 1024;

    private const int Least = 64; // what a packet without bytes takes

    private Place[] _packets = [];
    private ushort _highest;

    public int Count { get; private set; }

    /// <summary>Bytes of all of them.</summary>
    public int Bytes { get; private set; }

    /// <summary>Memory that they take.</summary>
    public int Memory { get; private set; }

    /// <summary>Memory that a packet takes: the pool has buffers of powers of two.</summary>
    public static int MemoryOf(int length) => Math.Max(Least, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length));

    /// <summary>Keeps a packet.</summary>
    /// <param name="number">Its number, less than <see cref="Max"/> after <paramref name="arrived"/>.</param>
    /// <param name="payload">Its bytes.</param>
    /// <param name="arrived">The last packet before which all have arrived.</param>
    /// <param name="now">The time.</param>
    /// <returns>False when it is there already.</returns>
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

    /// <summary>Moves a packet to a stream, when it is here.</summary>
    /// <returns>Its length; -1 when it is not here.</returns>
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

    /// <summary>Whether one of them has been here since a time, or for longer.</summary>
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

    /// <summary>Writes which packets are here, from the second after the last before which all have arrived (BEP 29, "selective ACK"), and says how many bytes that took.</summary>
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

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        foreach (ref readonly Place place in Count == 0 ? [] : _packets.AsSpan())
        {
            if (place.Bytes is not null)
                ArrayPool<byte>.Shared.Return(place.Bytes);
        }

        Reset();
    }

    /// <summary>Gives up the room when there are none.</summary>
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
