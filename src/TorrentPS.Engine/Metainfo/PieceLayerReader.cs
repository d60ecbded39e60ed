using System.Text;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Finds the piece hashes of each file in the <c>piece layers</c> of a .torrent, and checks them against the file's root (BEP 52, "infohash").</summary>
internal static class PieceLayerReader
{
    /// <summary>Reads the layers.</summary>
    /// <param name="data">The dictionary; empty if there is none.</param>
    /// <param name="start">Its offset in the .torrent, for error messages.</param>
    /// <param name="files">The files.</param>
    /// <param name="roots">Their roots.</param>
    /// <param name="pieceLength">Bytes in a piece.</param>
    /// <returns>The hashes by file; empty if missing, in which case peers can be asked for them.</returns>
    /// <exception cref="Errors.TorrentException">A layer does not match the root of its file.</exception>
    public static ReadOnlyMemory<byte>[] Read(ReadOnlyMemory<byte> data, int start, IReadOnlyList<TorrentFile> files, IReadOnlyList<ReadOnlyMemory<byte>> roots, int pieceLength)
    {
        var layers = new ReadOnlyMemory<byte>[files.Count];
        if (data.IsEmpty)
            return layers;
        // Keyed by strings, because their hash codes cannot be chosen by an attacker.
        Dictionary<string, (int Start, int Length)> found = [];
        var reader = new BencodeReader(data.Span, MetainfoLimits.PartReader);
        reader.Read();
        while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
        {
            if (reader.ValueSpan.Length != Merkle.HashLength)
                throw MetainfoFault.Invalid("piece layers", $"has a key that is not of {Merkle.HashLength} bytes", start + reader.TokenStart);
            string root = Encoding.Latin1.GetString(reader.ValueSpan);
            MetainfoString layer = MetainfoToken.String(ref reader, "piece layers");
            if (layer.Length % Merkle.HashLength != 0)
                throw MetainfoFault.Invalid("piece layers", $"has a layer that is not of {Merkle.HashLength} bytes a piece", start + layer.Offset);
            found.TryAdd(root, (layer.Start, layer.Length));
        }
        CheckOwners(found, start, roots);

        Dictionary<string, ReadOnlyMemory<byte>> right = [];
        for (int i = 0; i < files.Count; i++)
        {
            if (roots[i].IsEmpty || files[i].Length <= pieceLength)
                continue;
            string root = Encoding.Latin1.GetString(roots[i].Span);
            if (!found.TryGetValue(root, out (int Start, int Length) at))
                continue;
            // Files with the same content have the same root, and are checked once.
            if (!right.TryGetValue(root, out layers[i]))
                right.Add(root, layers[i] = Check(data.Slice(at.Start, at.Length), files[i], roots[i].Span, pieceLength, start + at.Start));
            else if (layers[i].Length != CountOf(files[i], pieceLength) * Merkle.HashLength)
                throw Wrong(files[i], start + at.Start);
        }

        return layers;
    }

    private static long CountOf(TorrentFile file, int pieceLength) => (file.Length + pieceLength - 1) / pieceLength;

    private static void CheckOwners(Dictionary<string, (int Start, int Length)> found, int start, IReadOnlyList<ReadOnlyMemory<byte>> roots)
    {
        HashSet<string> known = [.. roots.Where(root => !root.IsEmpty).Select(root => Encoding.Latin1.GetString(root.Span))];
        foreach ((string root, (int at, _)) in found)
        {
            if (!known.Contains(root))
                throw MetainfoFault.Invalid("piece layers", "has hashes that belong to no file", start + at);
        }
    }

    private static ReadOnlyMemory<byte> Check(ReadOnlyMemory<byte> layer, TorrentFile file, ReadOnlySpan<byte> root, int pieceLength, int offset)
    {
        long count = CountOf(file, pieceLength);
        if (layer.Length != count * Merkle.HashLength)
            throw Wrong(file, offset);
        int height = Merkle.PieceHeight(pieceLength);
        byte[] nodes = layer.ToArray();
        return Merkle.Root(nodes, height, height + Merkle.HeightOver(count)).SequenceEqual(root) ? layer : throw Wrong(file, offset);
    }

    private static Errors.TorrentException Wrong(TorrentFile file, int offset) =>
        MetainfoFault.Invalid("piece layers", $"has hashes for '{MetainfoFault.Show(file.Path)}' that do not make its 'pieces root'", offset);
}
