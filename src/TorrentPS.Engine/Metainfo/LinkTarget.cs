using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Where a symbolic link in a torrent leads (BEP 47, "symlink path"). It is only shown: no link is ever made, since one could lead anywhere.</summary>
internal static class LinkTarget
{
    /// <summary>Goes over the value of the key that the reader stands on, and says where it begins; -1 when it is no list.</summary>
    public static int Skip(ref BencodeReader reader)
    {
        reader.Read();
        int start = reader.TokenType == BencodeTokenType.StartList ? reader.TokenStart : -1;
        reader.Skip();
        return start;
    }

    /// <summary>The parts of the target with '/' between them, as the torrent has them; empty where there are none.</summary>
    /// <param name="data">What the list is in.</param>
    /// <param name="start">Where it begins; -1 for none.</param>
    /// <param name="text">How to read names.</param>
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
