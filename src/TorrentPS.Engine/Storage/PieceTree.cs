using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>Gathers the leaves of one piece after the other, 16 KiB each, and hashes them up to the piece's root (BEP 52). Takes memory only when it is used.</summary>
internal sealed class PieceTree(int pieceLength)
{
    private byte[] _leaves = [];
    private int _count;

    /// <summary>The leaves so far, in a row. Valid until the root is made of them.</summary>
    public ReadOnlySpan<byte> Leaves => _leaves.AsSpan(0, _count * Merkle.HashLength);

    /// <summary>Adds the next bytes of the piece: whole blocks, but for the last of the piece.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        if (_leaves.Length == 0)
            _leaves = new byte[Merkle.BlockCount(pieceLength) * Merkle.HashLength];
        _count += Merkle.HashBlocks(data, _leaves.AsSpan(_count * Merkle.HashLength));
    }

    /// <summary>Makes the root, and begins anew.</summary>
    /// <param name="height">Its height.</param>
    public ReadOnlySpan<byte> TakeRoot(int height)
    {
        ReadOnlySpan<byte> root = Merkle.Root(_leaves.AsSpan(0, _count * Merkle.HashLength), 0, height);
        _count = 0;
        return root;
    }

    /// <summary>Begins anew.</summary>
    public void Reset() => _count = 0;
}
