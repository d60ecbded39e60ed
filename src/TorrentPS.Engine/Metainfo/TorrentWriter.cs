using System.Buffers;
using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Writes the .torrent of a torrent whose info dictionary came from peers (BEP 9), with the rest from the magnet link.</summary>
internal static class TorrentWriter
{
    public static byte[] Write(Torrent torrent)
    {
        if (!torrent.HasMetadata)
            throw new InvalidOperationException("Of a magnet link alone no .torrent can be made.");
        var output = new ArrayBufferWriter<byte>(torrent.InfoBytes.Length + 1024);
        var writer = new BencodeWriter(output);
        writer.WriteStartDictionary();
        WriteTrackers(writer, torrent.Trackers);
        WriteText(writer, "comment"u8, torrent.Comment);
        WriteText(writer, "created by"u8, torrent.CreatedBy);
        if (torrent.CreationDate is { } date)
        {
            writer.WriteKey("creation date"u8);
            writer.WriteInteger(date.ToUnixTimeSeconds());
        }

        writer.WriteKey("info"u8);
        writer.WriteRaw(torrent.InfoBytes.Span);
        if (!torrent.PieceLayers.IsEmpty)
        {
            writer.WriteKey("piece layers"u8);
            writer.WriteRaw(torrent.PieceLayers.Span);
        }

        WriteWebSeeds(writer, torrent.WebSeeds);
        writer.WriteEndDictionary();
        return output.WrittenSpan.ToArray();
    }

    // Both keys: some clients know only the first, and read it only if the second is missing.
    private static void WriteTrackers(BencodeWriter writer, IReadOnlyList<IReadOnlyList<Uri>> tiers)
    {
        if (tiers.Count == 0)
            return;
        WriteText(writer, "announce"u8, tiers[0][0].OriginalString);
        if (tiers.Count == 1 && tiers[0].Count == 1)
            return;
        writer.WriteKey("announce-list"u8);
        writer.WriteStartList();
        foreach (IReadOnlyList<Uri> tier in tiers)
            WriteList(writer, tier);
        writer.WriteEndList();
    }

    private static void WriteWebSeeds(BencodeWriter writer, IReadOnlyList<Uri> seeds)
    {
        if (seeds.Count == 0)
            return;
        writer.WriteKey("url-list"u8);
        WriteList(writer, seeds);
    }

    private static void WriteList(BencodeWriter writer, IReadOnlyList<Uri> addresses)
    {
        writer.WriteStartList();
        foreach (Uri address in addresses)
            writer.WriteString(address.OriginalString);
        writer.WriteEndList();
    }

    private static void WriteText(BencodeWriter writer, ReadOnlySpan<byte> key, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return;
        writer.WriteKey(key);
        writer.WriteString(value);
    }
}
