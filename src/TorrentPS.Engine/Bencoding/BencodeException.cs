using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Bencoding;

/// <summary>The bytes are not bencoded data (BEP 3, section "bencoding"), or exceed a limit.</summary>
public sealed class BencodeException : TorrentException
{
    internal BencodeException(string message, long byteOffset)
        : base(TorrentErrorId.InvalidBencode, $"{message} (byte {byteOffset})") => ByteOffset = byteOffset;

    /// <summary>The offset of the error: the number of bytes before it.</summary>
    public long ByteOffset { get; }
}
