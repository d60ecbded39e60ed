using System.Numerics;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Metainfo;

/// <summary>
/// The hash trees of version 2 torrents (BEP 52, "pieces root"): SHA-256 over blocks of 16 KiB, in pairs up to the root. Leaves beyond the end of a file are zero. The
/// leaves have height 0.
/// </summary>
internal static class Merkle
{
    public const int BlockLength = MetainfoLimits.BlockLength;
    public const int HashLength = SHA256.HashSizeInBytes;

    // A file has at most 2^48 bytes, and so 2^34 blocks.
    private const int GreatestHeight = 40;

    private static readonly byte[] s_padding = MakePadding();

    /// <summary>The hash of a subtree of a given height that lies completely beyond the end of the file.</summary>
    public static ReadOnlySpan<byte> Padding(int height) => s_padding.AsSpan(height * HashLength, HashLength);

    /// <summary>The number of blocks of a length.</summary>
    public static long BlockCount(long length) => (length + BlockLength - 1) / BlockLength;

    /// <summary>The height of the root over a number of nodes.</summary>
    public static int HeightOver(long count) => count <= 1 ? 0 : BitOperations.Log2((ulong)count - 1) + 1;

    /// <summary>The height of the layer with one hash per piece.</summary>
    public static int PieceHeight(int pieceLength) => HeightOver(pieceLength / BlockLength);

    /// <summary>The height of the tree over the data of a piece: for a file shorter than a piece, less than that of the piece layer.</summary>
    /// <param name="fileLength">Bytes in the file.</param>
    /// <param name="pieceLength">Bytes in a piece.</param>
    public static int HeightOfPiece(long fileLength, int pieceLength) =>
        fileLength > pieceLength ? PieceHeight(pieceLength) : HeightOver(BlockCount(fileLength));

    /// <summary>Hashes two nodes to their parent, which may overwrite either.</summary>
    public static void Parent(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> parent)
    {
        Span<byte> both = stackalloc byte[2 * HashLength];
        left.CopyTo(both);
        right.CopyTo(both[HashLength..]);
        SHA256.HashData(both, parent);
    }

    /// <summary>Hashes nodes up to their common root, in place.</summary>
    /// <param name="nodes">The nodes, at least one; overwritten.</param>
    /// <param name="height">The height of the nodes.</param>
    /// <param name="rootHeight">The height of the root; missing nodes on the right are padding.</param>
    /// <returns>The root, in the first bytes of <paramref name="nodes"/>.</returns>
    public static ReadOnlySpan<byte> Root(Span<byte> nodes, int height, int rootHeight)
    {
        int count = nodes.Length / HashLength;
        for (; height < rootHeight; height++)
        {
            for (int i = 0; i < count; i += 2)
            {
                ReadOnlySpan<byte> right = i + 1 < count ? nodes.Slice((i + 1) * HashLength, HashLength) : Padding(height);
                Parent(nodes.Slice(i * HashLength, HashLength), right, nodes.Slice(i / 2 * HashLength, HashLength));
            }

            count = (count + 1) / 2;
        }

        return nodes[..HashLength];
    }

    /// <summary>Hashes a complete layer, whose number of nodes is a power of two, up to another layer, in place.</summary>
    /// <param name="nodes">The nodes; the first of them become those of the other layer.</param>
    /// <param name="height">The height of the nodes.</param>
    /// <param name="target">The height to reach.</param>
    public static void HashLayerUp(Span<byte> nodes, int height, int target)
    {
        for (int count = nodes.Length / HashLength; height < target; height++, count /= 2)
        {
            for (int i = 0; i + 1 < count; i += 2)
                Parent(nodes.Slice(i * HashLength, HashLength), nodes.Slice((i + 1) * HashLength, HashLength), nodes.Slice(i / 2 * HashLength, HashLength));
        }
    }

    /// <summary>Hashes each block of data that begins at a block boundary.</summary>
    /// <param name="data">The data.</param>
    /// <param name="leaves">Receives the hashes, concatenated.</param>
    /// <returns>The number of hashes.</returns>
    public static int HashBlocks(ReadOnlySpan<byte> data, Span<byte> leaves)
    {
        int count = 0;
        for (; !data.IsEmpty; count++)
        {
            int length = Math.Min(BlockLength, data.Length);
            SHA256.HashData(data[..length], leaves.Slice(count * HashLength, HashLength));
            data = data[length..];
        }

        return count;
    }

    private static byte[] MakePadding()
    {
        byte[] padding = new byte[(GreatestHeight + 1) * HashLength];
        for (int height = 1; height <= GreatestHeight; height++)
        {
            ReadOnlySpan<byte> child = padding.AsSpan((height - 1) * HashLength, HashLength);
            Parent(child, child, padding.AsSpan(height * HashLength, HashLength));
        }

        return padding;
    }
}
