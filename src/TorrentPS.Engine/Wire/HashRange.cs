using System.Numerics;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Wire;

/// <summary>A range of hashes in the tree of a file, with their proof (BEP 52, "hash request").</summary>
/// <param name="BaseLayer">The height of the hashes above the leaves.</param>
/// <param name="Index">The index of the first hash.</param>
/// <param name="Length">The number of hashes.</param>
/// <param name="ProofLayers">The number of layers above the base for which uncles are included as proof.</param>
internal readonly record struct HashRange(int BaseLayer, int Index, int Length, int ProofLayers)
{
    /// <summary>The maximum number of hashes in a message: the leaves of the longest common pieces.</summary>
    public const int MaxLength = 8192;

    /// <summary>The height of the node above all hashes of the range.</summary>
    public int TopLayer => BaseLayer + BitOperations.Log2((uint)Length);

    /// <summary>The number of uncles: those below the top node follow from the range itself.</summary>
    public int ProofCount => Math.Max(0, ProofLayers - BitOperations.Log2((uint)Length) + 1);

    /// <summary>The length of all hashes of an answer, in bytes.</summary>
    public int HashesLength => (Length + ProofCount) * Merkle.HashLength;

    /// <summary>Whether a tree can have the range: a power of two at a multiple of itself, below the root.</summary>
    /// <param name="treeHeight">The height of the root.</param>
    public bool IsIn(int treeHeight) =>
        BaseLayer >= 0 && BaseLayer <= treeHeight && Length is > 0 and <= MaxLength && BitOperations.IsPow2(Length) && Index >= 0 && Index % Length == 0
        && (long)Index + Length <= 1L << (treeHeight - BaseLayer) && ProofLayers >= 0
        && ProofLayers <= treeHeight // first, so that no sum overflows
        && BaseLayer + ProofLayers <= Math.Max(BaseLayer, treeHeight - 1)
        && TopLayer + ProofCount <= treeHeight;
}
