using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

public sealed class SeedToTransmissionTests : InteropTest
{
    [Theory(Timeout = Limits.Test)]
    [InlineData("pieces of 256 KiB, the last of 1 byte")]
    [InlineData("300 files")]
    public async Task Transmission_gets_every_byte(string shape)
    {
        (Payload payload, int pieceLength) = Shapes.Get(shape);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, pieceLength);
        await using TransmissionPeer downloader = await TransmissionPeer.StartAsync(torrent, Target, Temp);

        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(payload), downloader.EndPoint);
        await downloader.UntilCompleteAsync();

        // Transmission creates no empty files.
        payload.AssertIn(Target, file => file.Length > 0);
    }
}
