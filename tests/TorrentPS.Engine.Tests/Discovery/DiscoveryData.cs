using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Discovery;

internal static class DiscoveryData
{
    // The bytes that BEP 3 implementations get wrong: NUL, space, '%', '+', '&', '~' and bytes above 127.
    public static readonly InfoHash Hash = InfoHash.Create([0x00, 0x20, 0x25, 0x2b, 0x26, 0x7e, 0x2d, 0x5f, 0x2e, 0x41, 0x7a, 0x30, 0x3d, 0x3f, 0x2f, 0x80, 0xff, 0x0a, 0x0d, 0x7f]);

    public const string EscapedHash = "%00%20%25%2B%26~-_.Az0%3D%3F%2F%80%FF%0A%0D%7F";

    public static readonly byte[] PeerId = "-TP0100-abcdefghij\0\x01"u8.ToArray();

    public const string EscapedPeerId = "-TP0100-abcdefghij%00%01";

    public static AnnounceRequest Request(AnnounceEvent announceEvent = AnnounceEvent.None) => new()
    {
        InfoHash = Hash,
        PeerId = PeerId,
        Port = 6881,
        Statistics = new AnnounceStatistics(1, 2, 3_000_000_000),
        Event = announceEvent,
        Key = 0xdeadbeef,
    };

    public static Torrent Torrent(params Uri[][] tiers) => new()
    {
        Name = "test",
        InfoHash = Hash,
        Version = TorrentVersion.V1,
        PieceLength = 16384,
        Length = 20000,
        PieceCount = 2,
        Files = [new TorrentFile("test", 20000, 0, 0)],
        IsSingleFile = true,
        Trackers = tiers,
        InfoBytes = default,
    };

    /// <summary>A private torrent (BEP 27) without a tracker.</summary>
    public static Torrent Private() => new()
    {
        Name = "test",
        InfoHash = Hash,
        Version = TorrentVersion.V1,
        PieceLength = 16384,
        Length = 20000,
        PieceCount = 2,
        Files = [new TorrentFile("test", 20000, 0, 0)],
        IsSingleFile = true,
        IsPrivate = true,
        InfoBytes = default,
        PieceHashes = new byte[2 * InfoHash.V1Length],
    };
}
