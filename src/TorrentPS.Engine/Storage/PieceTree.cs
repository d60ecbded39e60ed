using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Collects the leaf hashes of one piece after another and computes the piece's root (BEP 52). Allocates only when used.</summary>
internal sealed class PieceTree(int pieceLength)
{
    private byte[] _leaves = [];
    private int _count;

    /// <summary>The leaf hashes so far, concatenated. Valid until the root is computed.</summary>
    public ReadOnlySpan<byte> Leaves => _leaves.AsSpan(0, _count * Merkle.HashLength);

    /// <summary>Adds the next bytes of the piece: whole blocks, except at the end of the piece.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        if (_leaves.Length == 0)
            _leaves = new byte[Merkle.BlockCount(pieceLength) * Merkle.HashLength];
        _count += Merkle.HashBlocks(data, _leaves.AsSpan(_count * Merkle.HashLength));
    }

    /// <summary>Computes the root, and starts again.</summary>
    /// <param name="height">The height of the root.</param>
    public ReadOnlySpan<byte> TakeRoot(int height)
    {
        ReadOnlySpan<byte> root = Merkle.Root(_leaves.AsSpan(0, _count * Merkle.HashLength), 0, height);
        _count = 0;
        return root;
    }

    /// <summary>Starts again.</summary>
    public void Reset() => _count = 0;
}
