using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>The metadata as far as it has come. Memory is taken a piece at a time, as each arrives: what a peer says of the size costs nothing.</summary>
internal sealed class MetadataCopy(int size, double now)
{
    private readonly byte[]?[] _pieces = new byte[]?[MetadataMessage.PieceCount(size)];
    private readonly MetadataSource?[] _givers = new MetadataSource?[MetadataMessage.PieceCount(size)];

    public int Size { get; } = size;

    public int Count => _pieces.Length;

    public int Received { get; private set; }

    public bool IsComplete => Received == _pieces.Length;

    /// <summary>When a piece came last, or when it was begun.</summary>
    public double ProgressAt { get; private set; } = now;

    public bool Has(int piece) => _pieces[piece] is not null;

    public void Put(int piece, ReadOnlySpan<byte> data, MetadataSource giver, double now)
    {
        _pieces[piece] = data.ToArray();
        _givers[piece] = giver;
        Received++;
        ProgressAt = now;
    }

    public byte[] ToArray()
    {
        byte[] whole = new byte[Size];
        for (int i = 0; i < _pieces.Length; i++)
            _pieces[i]!.CopyTo(whole, i * MetadataMessage.BlockLength);
        return whole;
    }

    /// <summary>The peer that gave all of it, or null when there were several.</summary>
    public MetadataSource? OnlyGiver => Array.TrueForAll(_givers, giver => giver == _givers[0]) ? _givers[0] : null;

    /// <summary>Those who gave other bytes than the right ones.</summary>
    public IEnumerable<MetadataSource> GiversOfOtherThan(ReadOnlyMemory<byte> right)
    {
        for (int i = 0; i < _pieces.Length; i++)
        {
            int start = i * MetadataMessage.BlockLength;
            if (_givers[i] is { } giver && (right.Length != Size || !right.Span[start..(start + _pieces[i]!.Length)].SequenceEqual(_pieces[i])))
                yield return giver;
        }
    }
}
