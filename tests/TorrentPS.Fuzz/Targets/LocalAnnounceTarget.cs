using System.Net.Sockets;
using TorrentPS.Engine.Discovery.Local;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A packet of local discovery.</summary>
internal sealed class LocalAnnounceTarget : FuzzTarget
{
    public override string Name => "lsd";

    public override string Description => "packets of local discovery (BEP 14)";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        new LocalAnnounce(6881, [InfoHash.Create(new byte[20]), InfoHash.Create("aaaaaaaaaaaaaaaaaaaa"u8.ToArray())], "cookie").ToBytes(AddressFamily.InterNetwork),
        new LocalAnnounce(1, [InfoHash.Create(new byte[20])], null).ToBytes(AddressFamily.InterNetworkV6),
    ];

    public override InputShape Shape => InputShape.Text;

    public override IReadOnlyList<string> Words => ["\r\nPort: ", "\r\nInfohash: ", "\r\ncookie: ", "\r\n", "BT-SEARCH * HTTP/1.1\r\n", "6161616161616161616161616161616161616161"];

    public override int MaxLength => 2000;

    public override int Try(byte[] input)
    {
        if (!LocalAnnounce.TryRead(input, out LocalAnnounce announce))
            return 0;
        Require(announce.Port is >= 0 and <= ushort.MaxValue && announce.InfoHashes.Count is > 0 and <= LocalAnnounce.MaxTorrents, "the announce is beyond its limits");
        Require(LocalAnnounce.TryRead(announce.ToBytes(AddressFamily.InterNetwork), out LocalAnnounce again) && again.InfoHashes.SequenceEqual(announce.InfoHashes) && again.Port == announce.Port && again.Cookie == announce.Cookie,
            "what was read is written differently");
        return HashCode.Combine(announce.Port == 0, Math.Min(3, announce.InfoHashes.Count), announce.Cookie is null);
    }
}
