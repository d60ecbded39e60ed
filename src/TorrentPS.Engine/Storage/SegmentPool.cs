using System.Numerics;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// The buffers that piece data lies in between socket and disk. All torrents of a client share one pool, and with it one limit on memory:
/// when nothing is left, no more blocks are asked for until the disk has caught up.
/// </summary>
internal sealed class SegmentPool
{
    /// <summary>The largest buffer: small enough to stay in a core's cache from the socket to the hash, large enough that a call a buffer costs nothing.</summary>
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

    /// <summary>Bytes that can be reserved at once.</summary>
    public long Limit => _limit;

    /// <summary>Bytes reserved.</summary>
    public long Reserved => Interlocked.Read(ref _reserved);

    /// <summary>Whether hardly anything can be reserved any more.</summary>
    public bool IsShort => Reserved > _limit - 4L * MaxSegmentLength;

    /// <summary>The length of the segments that pieces of a length are cut into: a power of two.</summary>
    public static int SegmentLength(int pieceLength) =>
        (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)pieceLength), MinSegmentLength, MaxSegmentLength);

    /// <summary>Sets memory aside for a segment; false when the limit is reached. Done before the segment's first block is asked for, so that what arrives always has a place.</summary>
    public bool TryReserve(int segmentLength)
    {
        if (Interlocked.Add(ref _reserved, segmentLength) <= _limit)
            return true;
        Interlocked.Add(ref _reserved, -segmentLength);
        return false;
    }

    /// <summary>Whether a reservation would succeed now.</summary>
    public bool HasRoom(int segmentLength) => Reserved + segmentLength <= _limit;

    /// <summary>Gives a reservation up.</summary>
    public void Release(int segmentLength) => Interlocked.Add(ref _reserved, -segmentLength);

    /// <summary>The buffer for a reserved segment.</summary>
    public byte[] Rent(int segmentLength)
    {
        lock (_lock)
        {
            if (Class(segmentLength).TryPop(out byte[]? buffer))
                return buffer;
            // Unused memory of another size class makes room first, so that the limit holds over all classes.
            for (int i = 0; _allocated + segmentLength > _limit && i < _free.Length; i++)
            {
                while (_allocated + segmentLength > _limit && _free[i].TryPop(out byte[]? unused))
                    _allocated -= unused.Length;
            }

            _allocated += segmentLength;
        }

        return GC.AllocateUninitializedArray<byte>(segmentLength, pinned: true);
    }

    /// <summary>Takes a buffer back; its reservation is given up apart from that.</summary>
    public void Return(byte[] segment)
    {
        lock (_lock)
            Class(segment.Length).Push(segment);
    }

    private Stack<byte[]> Class(int length) => _free[BitOperations.Log2((uint)(length / MinSegmentLength))];
}
