using System.Numerics;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// The buffers for piece data between socket and disk. All torrents of a client share one pool, and so one limit on memory: when none is left, no more blocks are
/// requested until the disk has caught up.
/// </summary>
internal sealed class SegmentPool
{
    /// <summary>The largest buffer: small enough to stay in a core's cache from the socket to the hash, large enough to make the cost of a call negligible.</summary>
    public const int MaxSegmentLength = 256 * 1024;

    private const int MinSegmentLength = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly Stack<byte[]>[] _free;
    private readonly long _limit;
    private long _allocated;
    private long _reserved;

    public SegmentPool(long limit)
    {
        _limit = Math.Max(limit, 8L * MaxSegmentLength);
        _free = new Stack<byte[]>[BitOperations.Log2(MaxSegmentLength / MinSegmentLength) + 1];
        for (int i = 0; i < _free.Length; i++)
            _free[i] = new Stack<byte[]>();
    }

    /// <summary>The number of bytes that can be reserved at once.</summary>
    public long Limit => _limit;

    /// <summary>The number of reserved bytes.</summary>
    public long Reserved => Interlocked.Read(ref _reserved);

    /// <summary>Whether hardly any memory is left to reserve.</summary>
    public bool IsShort => Reserved > _limit - 4L * MaxSegmentLength;

    /// <summary>The segment length for pieces of a given length: a power of two.</summary>
    public static int SegmentLength(int pieceLength) =>
        (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)pieceLength), MinSegmentLength, MaxSegmentLength);

    /// <summary>
    /// Reserves memory for a segment; false if the limit is reached. Done before the segment's first block is requested, so that every block has a place when it arrives.
    /// </summary>
    public bool TryReserve(int segmentLength)
    {
        if (Interlocked.Add(ref _reserved, segmentLength) <= _limit)
            return true;
        Interlocked.Add(ref _reserved, -segmentLength);
        return false;
    }

    /// <summary>Whether a reservation would succeed now.</summary>
    public bool HasRoom(int segmentLength) => Reserved + segmentLength <= _limit;

    /// <summary>Releases a reservation.</summary>
    public void Release(int segmentLength) => Interlocked.Add(ref _reserved, -segmentLength);

    /// <summary>The buffer for a reserved segment.</summary>
    public byte[] Rent(int segmentLength)
    {
        lock (_lock)
        {
            if (Class(segmentLength).TryPop(out byte[]? buffer))
                return buffer;
            // Unused buffers of another size are freed first, so that the limit covers all sizes.
            for (int i = 0; _allocated + segmentLength > _limit && i < _free.Length; i++)
            {
                while (_allocated + segmentLength > _limit && _free[i].TryPop(out byte[]? unused))
                    _allocated -= unused.Length;
            }

            _allocated += segmentLength;
        }

        return GC.AllocateUninitializedArray<byte>(segmentLength, pinned: true);
    }

    /// <summary>Returns a buffer; its reservation is released separately.</summary>
    public void Return(byte[] segment)
    {
        lock (_lock)
            Class(segment.Length).Push(segment);
    }

    private Stack<byte[]> Class(int length) => _free[BitOperations.Log2((uint)(length / MinSegmentLength))];
}
