using System.Numerics;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Wire;

/// <summary>A run of hashes in the tree of a file, with what proves them (BEP 52, "hash request").</summary>
/// <param name="BaseLayer">The height of the hashes above the leaves.</param>
/// <param name="Index">The first of them.</param>
/// <param name="Length">How many.</param>
/// <param name="ProofLayers">Up to how many layers above the base the uncles that prove them go.</param>
internal readonly record struct HashRange(int BaseLayer, int Index, int Length, int ProofLayers)
{
    /// <summary>The most hashes of a message: leaves of the longest pieces that are common.</summary>
    public const int MaxLength = 8192;

    /// <summary>The height of the one node above all of the run.</summary>
    public int TopLayer => BaseLayer + BitOperations.Log2((uint)Length);

    /// <summary>How many uncles there are: those below the top follow from the run itself.</summary>
    public int ProofCount => Math.Max(0, ProofLayers - BitOperations.Log2((uint)Length) + 1);

    /// <summary>Bytes of all hashes of an answer.</summary>
    public int HashesLength => (Length + ProofCount) * Merkle.HashLength;

    /// <summary>Whether it is one that a tree can have: a power of two in its place, below the root.</summary>
    /// <param name="treeHeight">The height of the root.</param>
    public bool IsIn(int treeHeight) =>
        BaseLayer >= 0 && BaseLayer <= treeHeight && Length is > 0 and <= MaxLength && BitOperations.IsPow2(Length) && Index >= 0 && Index % Length == 0
        && (long)Index + Length <= 1L << (treeHeight - BaseLayer) && ProofLayers >= 0
        && ProofLayers <= treeHeight // first, so that no sum overflows
        && BaseLayer + ProofLayers <= Math.Max(BaseLayer, treeHeight - 1)
        && TopLayer + ProofCount <= treeHeight;
}
