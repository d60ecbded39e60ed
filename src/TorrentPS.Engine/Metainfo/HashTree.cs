namespace TorrentPS.Engine.Metainfo;

/// <summary>All nodes of a hash tree from one of its layers up to the root, so that proofs need no hashing.</summary>
internal sealed class HashTree
{
    private readonly byte[] _nodes; // layer after layer, from the lowest up
    private readonly int _height;

    /// <summary>Hashes a layer up to the root.</summary>
    /// <param name="nodes">The nodes of the layer; missing ones on the right are padding.</param>
    /// <param name="layer">The height of the layer above the leaves.</param>
    /// <param name="root">The height of the root.</param>
    public HashTree(ReadOnlySpan<byte> nodes, int layer, int root)
    {
        _height = root - layer;
        _nodes = new byte[((2L << _height) - 1) * Merkle.HashLength];
        nodes.CopyTo(_nodes);
        int known = nodes.Length / Merkle.HashLength;
        Pad(known, 0, layer);
        for (int level = 0; level < _height; level++)
        {
            ReadOnlySpan<byte> below = Layer(level);
            Span<byte> above = _nodes.AsSpan(Start(level + 1), LengthOf(level + 1));
            known = (known + 1) / 2;
            for (int i = 0; i < known; i++)
                Merkle.Parent(below.Slice(2 * i * Merkle.HashLength, Merkle.HashLength), below.Slice((2 * i + 1) * Merkle.HashLength, Merkle.HashLength), above[(i * Merkle.HashLength)..]);
            Pad(known, level + 1, layer);
        }
    }

    /// <summary>The number of bytes in memory.</summary>
    public int Length => _nodes.Length;

    /// <summary>The root.</summary>
    public ReadOnlySpan<byte> Root => Node(_height, 0);

    /// <summary>The nodes of a layer, concatenated.</summary>
    /// <param name="level">The distance of the layer from the lowest.</param>
    public ReadOnlySpan<byte> Layer(int level) => _nodes.AsSpan(Start(level), LengthOf(level));

    /// <summary>A node.</summary>
    /// <param name="level">The distance of its layer from the lowest.</param>
    /// <param name="index">Its index in the layer.</param>
    public ReadOnlySpan<byte> Node(int level, int index) => Layer(level).Slice(index * Merkle.HashLength, Merkle.HashLength);

    private int LengthOf(int level) => Merkle.HashLength << (_height - level);

    private int Start(int level) => ((2 << _height) - (2 << (_height - level))) * Merkle.HashLength;

    private void Pad(int known, int level, int layer)
    {
        Span<byte> nodes = _nodes.AsSpan(Start(level), LengthOf(level));
        for (int at = known * Merkle.HashLength; at < nodes.Length; at += Merkle.HashLength)
            Merkle.Padding(layer + level).CopyTo(nodes[at..]);
    }
}
