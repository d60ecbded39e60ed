using System.Numerics;

namespace TorrentPS.Engine.Metainfo;

/// <summary>A set of piece indices in the form that peers send: one bit a piece, the first in the highest bit of the first byte (BEP 3, "peer messages").</summary>
internal sealed class Bitfield
{
    private readonly byte[] _bytes;

    public Bitfield(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _bytes = new byte[ByteCount(length)];
    }

    private Bitfield(byte[] bytes, int length)
    {
        _bytes = bytes;
        Length = length;
        int count = 0;
        foreach (byte value in bytes)
            count += BitOperations.PopCount(value);
        Count = count;
    }

    /// <summary>How many pieces there are.</summary>
    public int Length { get; }

    /// <summary>How many pieces are in the set.</summary>
    public int Count { get; private set; }

    public bool IsEmpty => Count == 0;

    public bool IsFull => Count == Length;

    public ReadOnlySpan<byte> Bytes => _bytes;

    public bool this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length, nameof(index));
            return (_bytes[index >> 3] & (0x80 >> (index & 7))) != 0;
        }
    }

    public static int ByteCount(int length) => (int)(((long)length + 7) >> 3);

    /// <summary>Copies a bitfield; false when it has another number of bytes, or a spare bit is set.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, int length, out Bitfield bitfield)
    {
        bitfield = null!;
        if (bytes.Length != ByteCount(length))
            return false;
        int spare = bytes.Length * 8 - length;
        if (spare > 0 && (bytes[^1] & ((1 << spare) - 1)) != 0)
            return false;
        bitfield = new Bitfield(bytes.ToArray(), length);
        return true;
    }

    /// <summary>Puts a piece into the set; false when it was there.</summary>
    public bool Add(int index)
    {
        if (this[index])
            return false;
        _bytes[index >> 3] |= (byte)(0x80 >> (index & 7));
        Count++;
        return true;
    }

    /// <summary>Takes a piece out of the set; false when it was not there.</summary>
    public bool Remove(int index)
    {
        if (!this[index])
            return false;
        _bytes[index >> 3] &= (byte)~(0x80 >> (index & 7));
        Count--;
        return true;
    }

    public void AddAll()
    {
        _bytes.AsSpan().Fill(0xFF);
        int spare = _bytes.Length * 8 - Length;
        if (spare > 0)
            _bytes[^1] = (byte)(0xFF << spare);
        Count = Length;
    }

    public void Clear()
    {
        _bytes.AsSpan().Clear();
        Count = 0;
    }

    public Bitfield Clone() => new((byte[])_bytes.Clone(), Length);
}
