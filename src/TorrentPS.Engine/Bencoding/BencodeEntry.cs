namespace TorrentPS.Engine.Bencoding;

/// <summary>A key of a <see cref="BencodeDictionary"/> with its value, as an enumeration of the dictionary gives them.</summary>
/// <param name="Key">A <see cref="string"/> where it is text in UTF-8, and otherwise a <see cref="ByteString"/>.</param>
/// <param name="Value">The value.</param>
internal sealed record BencodeEntry(object Key, object? Value);
