using System.Buffers;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Writes the <c>piece layers</c> of a .torrent (BEP 52): the piece hashes of each file of several pieces, by the file's root.</summary>
internal static class PieceLayerWriter
{
    /// <summary>Writes the dictionary.</summary>
    /// <param name="writer">Receives the dictionary.</param>
    /// <param name="layers">The root and hashes of each file; files with the same content are written once.</param>
    public static void Write(BencodeWriter writer, IEnumerable<(ReadOnlyMemory<byte> Root, ReadOnlyMemory<byte> Hashes)> layers)
    {
        SortedDictionary<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> sorted = new(Comparer<ReadOnlyMemory<byte>>.Create((a, b) => a.Span.SequenceCompareTo(b.Span)));
        foreach ((ReadOnlyMemory<byte> root, ReadOnlyMemory<byte> hashes) in layers)
            sorted.TryAdd(root, hashes);
        writer.WriteStartDictionary();
        foreach ((ReadOnlyMemory<byte> root, ReadOnlyMemory<byte> hashes) in sorted)
        {
            writer.WriteKey(root.Span);
            writer.WriteString(hashes.Span);
        }

        writer.WriteEndDictionary();
    }

    /// <summary>The dictionary as bytes.</summary>
    public static byte[] Write(IEnumerable<(ReadOnlyMemory<byte> Root, ReadOnlyMemory<byte> Hashes)> layers)
    {
        ArrayBufferWriter<byte> output = new();
        Write(new BencodeWriter(output), layers);
        return output.WrittenSpan.ToArray();
    }
}
