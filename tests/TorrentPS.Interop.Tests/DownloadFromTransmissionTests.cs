using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

public sealed class DownloadFromTransmissionTests : InteropTest
{
    [Theory(Timeout = Limits.Test)]
    [InlineData("pieces of 256 KiB, the last of 1 byte")]
    [InlineData("300 files")]
    public async Task Every_byte_arrives(string shape)
    {
        (Payload payload, int pieceLength) = Shapes.Get(shape);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, pieceLength);
        await using TransmissionPeer seeder = await TransmissionPeer.SeedAsync(torrent, Source(payload), Temp);

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        payload.AssertIn(Target);
        Assert.Equal(payload.Length, result.Downloaded - result.Wasted);
    }
}
