using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// A set of piece indices in the format of the bitfield message: one bit per piece, the first in the highest bit of the first byte (BEP 3, "peer messages").
/// </summary>
internal sealed class Bitfield
{
    private readonly ulong[] _words; // the bytes as sent, and zeros up to a whole word

    public Bitfield(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _words = new ulong[WordCount(length)];
    }

    private Bitfield(ulong[] words, int length)
    {
        _words = words;
        Length = length;
        int count = 0;
        foreach (ulong word in words)
            count += BitOperations.PopCount(word);
        Count = count;
    }

    /// <summary>The number of pieces.</summary>
    public int Length { get; }

    /// <summary>The number of pieces in the set.</summary>
    public int Count { get; private set; }

    public bool IsEmpty => Count == 0;

    public bool IsFull => Count == Length;

    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes<ulong>(_words)[..ByteCount(Length)];

    /// <summary>The set in words of 64 pieces, for bulk operations: piece <c>i</c> is the bit <see cref="Bit"/> of word <c>i / 64</c>.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    public bool this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length, nameof(index));
            return (_words[index >> 6] & Bit(index)) != 0;
        }
    }

    public static int ByteCount(int length) => (int)(((long)length + 7) >> 3);

    public static int WordCount(int length) => (int)(((long)length + 63) >> 6);

    /// <summary>The bit of a piece in its word.</summary>
    public static ulong Bit(int index) => 1UL << (BitConverter.IsLittleEndian ? (index & 63) ^ 7 : 63 - (index & 63));

    /// <summary>The piece of a bit in a word.</summary>
    public static int PieceAt(int word, int bit) => (word << 6) + (BitConverter.IsLittleEndian ? bit ^ 7 : 63 - bit);

    /// <summary>The first piece in a non-zero word.</summary>
    public static int FirstPiece(int word, ulong bits) =>
        (word << 6) + BitOperations.LeadingZeroCount(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(bits) : bits);

    /// <summary>Copies a bitfield; false if it has the wrong number of bytes, or a spare bit is set.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, int length, out Bitfield bitfield)
    {
        bitfield = null!;
        if (bytes.Length != ByteCount(length))
            return false;
        int spare = bytes.Length * 8 - length;
        if (spare > 0 && (bytes[^1] & ((1 << spare) - 1)) != 0)
            return false;
        var words = new ulong[WordCount(length)];
        bytes.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        bitfield = new Bitfield(words, length);
        return true;
    }

    /// <summary>Adds a piece; false if it is already in the set.</summary>
    public bool Add(int index)
    {
        if (this[index])
            return false;
        _words[index >> 6] |= Bit(index);
        Count++;
        return true;
    }

    /// <summary>Removes a piece; false if it is not in the set.</summary>
    public bool Remove(int index)
    {
        if (!this[index])
            return false;
        _words[index >> 6] &= ~Bit(index);
        Count--;
        return true;
    }

    public void AddAll()
    {
        _words.AsSpan().Fill(ulong.MaxValue);
        for (int i = Length; i < _words.Length << 6; i++)
            _words[i >> 6] &= ~Bit(i);
        Count = Length;
    }

    public void Clear()
    {
        _words.AsSpan().Clear();
        Count = 0;
    }

    /// <summary>Makes this set that of the pieces which are in one set and not in another, which must be of one length.</summary>
    public void SetDifference(Bitfield pieces, Bitfield without)
    {
        ReadOnlySpan<ulong> one = pieces._words.AsSpan(0, _words.Length), other = without._words.AsSpan(0, _words.Length);
        int count = 0;
        for (int i = 0; i < _words.Length; i++)
        {
            _words[i] = one[i] & ~other[i];
            count += BitOperations.PopCount(_words[i]);
        }

        Count = count;
    }

    /// <summary>Becomes the intersection of two other sets; all must have the same length.</summary>
    public void SetCommon(Bitfield one, Bitfield other)
    {
        ReadOnlySpan<ulong> ones = one._words.AsSpan(0, _words.Length), others = other._words.AsSpan(0, _words.Length);
        Count = 0;
        for (int i = 0; i < _words.Length; i++)
        {
            _words[i] = ones[i] & others[i];
            Count += BitOperations.PopCount(_words[i]);
        }
    }

    /// <summary>The number of pieces in both sets, which must have the same length.</summary>
    public int CountCommon(Bitfield other)
    {
        ReadOnlySpan<ulong> theirs = other._words.AsSpan(0, _words.Length);
        int count = 0;
        for (int i = 0; i < _words.Length; i++)
            count += BitOperations.PopCount(_words[i] & theirs[i]);
        return count;
    }

    /// <summary>The pieces in the set in ascending order. The set must not change meanwhile.</summary>
    public IEnumerable<int> All()
    {
        for (int word = 0; word < _words.Length; word++)
        {
            for (ulong rest = _words[word]; rest != 0; rest &= rest - 1)
                yield return PieceAt(word, BitOperations.TrailingZeroCount(rest));
        }
    }

    /// <summary>Whether the set contains a piece from one index up to another, exclusive.</summary>
    public bool HasAny(int from, int end)
    {
        for (int piece = from; piece < end; piece++)
        {
            if ((piece & 63) == 0 && _words[piece >> 6] == 0)
                piece += 63; // an empty word
            else if (this[piece])
                return true;
        }

        return false;
    }

    public Bitfield Clone() => new((ulong[])_words.Clone(), Length);
}
