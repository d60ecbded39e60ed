using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <content>The parts that only version 2 and hybrid torrents have (BEP 52).</content>
public sealed partial class TorrentBuilder
{
    private int PaddingAfter(long length) => (int)((PieceLength - length % PieceLength) % PieceLength);

    private int PiecesOf(Entry file) => (int)((file.Length + PieceLength - 1) / PieceLength);

    /// <summary>The root of each file's tree; empty for an empty file.</summary>
    private byte[][] FileRoots()
    {
        var roots = new byte[_files.Count][];
        int first = 0, height = Merkle.PieceHeight(PieceLength);
        for (int i = 0; i < roots.Length; i++)
        {
            int pieces = PiecesOf(_files[i]);
            byte[] nodes = Layer(first, pieces).ToArray();
            roots[i] = pieces <= 1 ? nodes : Merkle.Root(nodes, height, height + Merkle.HeightOver(pieces)).ToArray();
            first += pieces;
        }
        return roots;
    }

    private ReadOnlyMemory<byte> Layer(int first, int pieces) => PieceRoots.Slice(first * InfoHash.V2Length, pieces * InfoHash.V2Length);

    private IEnumerable<(ReadOnlyMemory<byte> Root, ReadOnlyMemory<byte> Hashes)> FileLayers(byte[][] roots)
    {
        int first = 0;
        for (int i = 0; i < roots.Length; i++)
        {
            int pieces = PiecesOf(_files[i]);
            if (pieces > 1)
                yield return (roots[i], Layer(first, pieces));
            first += pieces;
        }
    }

    private void WriteFileTree(BencodeWriter writer, byte[][] roots)
    {
        writer.WriteKey("file tree"u8);
        writer.WriteStartDictionary();
        string[] open = [];
        for (int i = 0; i < _files.Count; i++)
        {
            string[] parts = IsSingleFile ? [Name] : _files[i].Path.Split('/');
            int shared = 0;
            while (shared < open.Length && shared < parts.Length - 1 && open[shared] == parts[shared])
                shared++;
            for (int depth = open.Length; depth > shared; depth--)
                writer.WriteEndDictionary();
            foreach (string folder in parts.AsSpan(shared, parts.Length - 1 - shared))
            {
                writer.WriteString(folder);
                writer.WriteStartDictionary();
            }
            writer.WriteString(parts[^1]);
            WriteTreeFile(writer, _files[i], roots[i]);
            open = parts[..^1];
        }
        for (int depth = open.Length; depth >= 0; depth--)
            writer.WriteEndDictionary();
    }

    private static void WriteTreeFile(BencodeWriter writer, Entry file, byte[] root)
    {
        writer.WriteStartDictionary();
        writer.WriteKey(""u8);
        writer.WriteStartDictionary();
        if (file.IsExecutable)
            WriteText(writer, "attr"u8, "x");
        writer.WriteKey("length"u8);
        writer.WriteInteger(file.Length);
        if (file.Length > 0)
        {
            writer.WriteKey("pieces root"u8);
            writer.WriteString(root);
        }
        writer.WriteEndDictionary();
        writer.WriteEndDictionary();
    }

    private sealed record Entry(string Path, long Length, bool IsExecutable);
}
