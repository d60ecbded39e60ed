using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>Reads the value of the key that a reader is at. A required value must have the right type; an optional one of another type is skipped.</summary>
internal static class MetainfoToken
{
    public static MetainfoString String(ref BencodeReader reader, string key)
    {
        reader.Read();
        return reader.TokenType == BencodeTokenType.String
            ? CurrentString(ref reader)
            : throw MetainfoFault.Invalid(key, "is not a string", reader.TokenStart);
    }

    public static MetainfoInteger Integer(ref BencodeReader reader, string key)
    {
        reader.Read();
        return reader.TokenType == BencodeTokenType.Integer
            ? new MetainfoInteger(reader.TokenStart, reader.GetInt64())
            : throw MetainfoFault.Invalid(key, "is not an integer", reader.TokenStart);
    }

    public static MetainfoString? OptionalString(ref BencodeReader reader)
    {
        reader.Read();
        if (reader.TokenType == BencodeTokenType.String)
            return CurrentString(ref reader);
        reader.Skip();
        return null;
    }

    public static MetainfoInteger? OptionalInteger(ref BencodeReader reader)
    {
        reader.Read();
        if (reader.TokenType == BencodeTokenType.Integer)
            return new MetainfoInteger(reader.TokenStart, reader.GetInt64());
        reader.Skip();
        return null;
    }

    private static MetainfoString CurrentString(ref BencodeReader reader) =>
        new(reader.TokenStart, reader.Position - reader.ValueSpan.Length, reader.ValueSpan.Length);
}
