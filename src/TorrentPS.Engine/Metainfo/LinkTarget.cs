using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>The target of a symbolic link in a torrent (BEP 47, "symlink path"). It is only shown: no link is ever created, because it could lead anywhere.</summary>
internal static class LinkTarget
{
    /// <summary>Skips the value of the key that the reader is at, and returns its offset; -1 if it is not a list.</summary>
    public static int Skip(ref BencodeReader reader)
    {
        reader.Read();
        int start = reader.TokenType == BencodeTokenType.StartList ? reader.TokenStart : -1;
        reader.Skip();
        return start;
    }

    /// <summary>The parts of the target, separated by '/', as in the torrent; empty if there are none.</summary>
    /// <param name="data">The data that contains the list.</param>
    /// <param name="start">The offset of the list; -1 for none.</param>
    /// <param name="text">Decodes names.</param>
    public static string Read(ReadOnlySpan<byte> data, int start, MetainfoText text)
    {
        if (start < 0)
            return "";
        List<string> parts = [];
        var reader = new BencodeReader(data[start..], MetainfoLimits.PartReader);
        reader.Read();
        while (reader.Read() && reader.TokenType == BencodeTokenType.String)
            parts.Add(text.Read(reader.ValueSpan));
        return reader.TokenType == BencodeTokenType.EndList ? string.Join('/', parts) : "";
    }
}
