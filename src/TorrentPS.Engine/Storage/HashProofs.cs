using System.Text;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>
/// Proves and checks hashes of a torrent's trees (BEP 52, "hashes"). It caches the upper layers between the pieces and the root of each file, so that a proof is cheap
/// for a file of any length. Not thread-safe.
/// </summary>
internal sealed class HashProofs
{
    private const int KeptAbove = 9; // 512 pieces

    private readonly Torrent _torrent;
    private readonly PieceLayers _layers;
    private readonly Dictionary<string, int> _files = []; // keyed by strings, whose hash codes an attacker cannot choose
    private readonly int[] _twins;
    private readonly Dictionary<int, HashTree> _kept = [];

    public HashProofs(Torrent torrent, PieceLayers layers)
    {
        (_torrent, _layers) = (torrent, layers);
        _twins = new int[torrent.Files.Count];
        for (int file = _twins.Length - 1; file >= 0; file--)
        {
            _twins[file] = -1;
            if (torrent.PieceRoots![file] is not { IsEmpty: false } root)
                continue;
            string name = Encoding.Latin1.GetString(root.Span);
            _twins[file] = _files.GetValueOrDefault(name, -1);
            _files[name] = file;
        }
    }

    /// <summary>The file with a root, the first of those with the same content; -1 if there is none.</summary>
    public int FileOf(ReadOnlySpan<byte> root) => _files.GetValueOrDefault(Encoding.Latin1.GetString(root), -1);

    /// <summary>The next file with the same content; -1 if there is none.</summary>
    public int TwinOf(int file) => _twins[file];

    /// <summary>Whether hashes belong to a tree: whether they lead to its root.</summary>
    /// <param name="hashes">The requested hashes, then the uncles from the lowest up.</param>
    /// <param name="length">The number of requested hashes.</param>
    /// <param name="index">The index of the first in its layer.</param>
    /// <param name="height">The height of the layer.</param>
    /// <param name="root">The root.</param>
    public static bool Leads(ReadOnlySpan<byte> hashes, int length, int index, int height, ReadOnlySpan<byte> root)
    {
        int top = height + Merkle.HeightOver(length);
        Span<byte> node = stackalloc byte[Merkle.HashLength];
        Merkle.Root(hashes[..(length * Merkle.HashLength)].ToArray(), height, top).CopyTo(node);
        ReadOnlySpan<byte> uncles = hashes[(length * Merkle.HashLength)..];
        for (int at = index / length; !uncles.IsEmpty; at /= 2, uncles = uncles[Merkle.HashLength..])
        {
            ReadOnlySpan<byte> uncle = uncles[..Merkle.HashLength];
            if (at % 2 == 0)
                Merkle.Parent(node, uncle, node);
            else
                Merkle.Parent(uncle, node, node);
        }

        return node.SequenceEqual(root);
    }

    /// <summary>The piece hashes that a peer requests, with the uncles; null if not all are known.</summary>
    /// <param name="file">The file.</param>
    /// <param name="index">The first piece, within the file.</param>
    /// <param name="length">The number of pieces; those beyond the end are padding.</param>
    /// <param name="proofs">The number of uncles.</param>
    public byte[]? ProvePieces(int file, int index, int length, int proofs)
    {
        if (!_layers.TryGetLayer(file, out ReadOnlyMemory<byte> layer))
            return null;
        byte[] answer = new byte[(length + proofs) * Merkle.HashLength];
        int count = Math.Clamp(_layers.PiecesIn(file) - index, 0, length);
        layer.Span.Slice(Math.Min(index, _layers.PiecesIn(file)) * Merkle.HashLength, count * Merkle.HashLength).CopyTo(answer);
        for (int i = count; i < length; i++)
            Merkle.Padding(_layers.PieceHeight).CopyTo(answer.AsSpan(i * Merkle.HashLength));
        AddUncles(file, layer.Span, _layers.PieceHeight + Merkle.HeightOver(length), index / length, answer.AsSpan(length * Merkle.HashLength));
        return answer;
    }

    /// <summary>The leaf hashes that a peer requests, with the uncles; null if the hashes above them are not known.</summary>
    /// <param name="piece">The piece that contains all of them.</param>
    /// <param name="tree">The tree of the piece.</param>
    /// <param name="index">The first leaf, within the file.</param>
    /// <param name="length">The number of leaves.</param>
    /// <param name="proofs">The number of uncles.</param>
    public byte[]? ProveLeaves(int piece, HashTree tree, int index, int length, int proofs)
    {
        int file = _layers.FileOf(piece), height = _layers.HeightOf(piece);
        int first = (piece - _layers.FirstPieceOf(file)) << height;
        byte[] answer = new byte[(length + proofs) * Merkle.HashLength];
        tree.Layer(0).Slice((index - first) * Merkle.HashLength, length * Merkle.HashLength).CopyTo(answer);
        int at = (index - first) / length, level = Merkle.HeightOver(length), done = 0;
        for (; level < height && done < proofs; level++, at /= 2, done++)
            tree.Node(level, at ^ 1).CopyTo(answer.AsSpan((length + done) * Merkle.HashLength));
        if (done == proofs)
            return answer;
        if (!_layers.TryGetLayer(file, out ReadOnlyMemory<byte> pieces) || _layers.PiecesIn(file) == 1)
            return null;
        AddUncles(file, pieces.Span, height, piece - _layers.FirstPieceOf(file), answer.AsSpan((length + done) * Merkle.HashLength));
        return answer;
    }

    private void AddUncles(int file, ReadOnlySpan<byte> layer, int height, int index, Span<byte> uncles)
    {
        for (; !uncles.IsEmpty; height++, index /= 2, uncles = uncles[Merkle.HashLength..])
            Node(file, layer, height, index ^ 1, uncles[..Merkle.HashLength]);
    }

    /// <summary>A node at or above the piece layer.</summary>
    private void Node(int file, ReadOnlySpan<byte> layer, int height, int index, Span<byte> node)
    {
        int kept = _layers.PieceHeight + KeptAbove;
        if (height >= kept)
        {
            Kept(file, layer, kept).Node(height - kept, index).CopyTo(node);
            return;
        }

        int count = layer.Length / Merkle.HashLength;
        long first = (long)index << (height - _layers.PieceHeight);
        if (first >= count)
        {
            Merkle.Padding(height).CopyTo(node);
            return;
        }

        int length = (int)Math.Min(count - first, 1L << (height - _layers.PieceHeight));
        byte[] run = layer.Slice((int)first * Merkle.HashLength, length * Merkle.HashLength).ToArray();
        Merkle.Root(run, _layers.PieceHeight, height).CopyTo(node);
    }

    private HashTree Kept(int file, ReadOnlySpan<byte> layer, int height)
    {
        if (_kept.TryGetValue(file, out HashTree? kept))
            return kept;
        int run = Merkle.HashLength << KeptAbove;
        byte[] nodes = new byte[(layer.Length + run - 1) / run * Merkle.HashLength];
        for (int i = 0; i * run < layer.Length; i++)
            Merkle.Root(layer.Slice(i * run, Math.Min(run, layer.Length - i * run)).ToArray(), _layers.PieceHeight, height).CopyTo(nodes.AsSpan(i * Merkle.HashLength));
        kept = new HashTree(nodes, height, _layers.HeightOfFile(file));
        _kept.Add(file, kept);
        return kept;
    }
}
