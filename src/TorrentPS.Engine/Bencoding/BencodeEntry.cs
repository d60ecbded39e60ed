namespace TorrentPS.Engine.Bencoding;

/// <summary>A key and value of a <see cref="BencodeDictionary"/>, as its enumeration returns them.</summary>
/// <param name="Key">A <see cref="string"/> if the key is valid UTF-8, otherwise a <see cref="ByteString"/>.</param>
/// <param name="Value">The value.</param>
internal sealed record BencodeEntry(object Key, object? Value);
