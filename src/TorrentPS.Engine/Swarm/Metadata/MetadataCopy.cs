using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>Partly received metadata. Memory is allocated for each piece when it arrives: a declared size alone costs nothing.</summary>
internal sealed class MetadataCopy(int size, double now)
{
    private readonly byte[]?[] _pieces = new byte[]?[MetadataMessage.PieceCount(size)];
    private readonly MetadataSource?[] _givers = new MetadataSource?[MetadataMessage.PieceCount(size)];

    public int Size { get; } = size;

    public int Count => _pieces.Length;

    public int Received { get; private set; }

    public bool IsComplete => Received == _pieces.Length;

    /// <summary>When the last piece arrived, or the copy was started.</summary>
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

    /// <summary>The peer that sent all of it; null if there were several.</summary>
    public MetadataSource? OnlyGiver => Array.TrueForAll(_givers, giver => giver == _givers[0]) ? _givers[0] : null;

    /// <summary>The peers that sent wrong bytes, by comparison with the right ones.</summary>
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
