using TorrentPS.Engine.Bencoding;

namespace TorrentPS.Engine.Metainfo;

/// <summary>The limits on torrents: larger ones are refused, because no honest torrent is so large.</summary>
internal static class MetainfoLimits
{
    public const int TorrentBytes = 10 * 1000 * 1000;
    public const int Pieces = 0x200000;
    public const int BlockLength = 16 * 1024;
    public const int PieceLength = 32767 * BlockLength;
    public const long FileLength = (1L << 48) - 1;
    public const int DirectoryDepth = 100;
    public const int PathBytes = 4095;
    public const int ComponentBytes = 255;
    public const int DuplicatePaths = 500;

    /// <summary>Characters in all paths together. The paths of a v2 tree share their folders, so a file of a few bytes could expand to many characters.</summary>
    public const long PathCharacters = 64 << 20;

    /// <summary>Trackers, web seeds and nodes beyond this number, of each kind, are ignored.</summary>
    public const int Addresses = 1000;

    public const int AddressBytes = 4096;

    public static BencodeReaderOptions Reader => new()
    {
        MaxDepth = 100,
        MaxTokens = 3_000_000,
        MaxDataLength = TorrentBytes,
    };

    /// <summary>For reading part of data that has already been read and checked as a whole.</summary>
    public static BencodeReaderOptions PartReader => new() { MaxDataLength = int.MaxValue, AllowTrailingData = true };
}
