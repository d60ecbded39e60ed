using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Files that other programs read during their download.</summary>
public sealed class StreamingTests : InteropTest
{
    [Fact(Timeout = Limits.Test)]
    public async Task Another_program_reads_a_download_from_libtorrent()
    {
        string cmp = Installed.Require("cmp", "diffutils");
        var payload = Payload.SingleFile("film.bin", 6_000_001);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 64 << 10);
        string source = Source(payload);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, source, upLimit: 1_500_000);
        await using OwnPeer peer = OwnPeer.Start(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { Sequential = true });
        long last = 0;
        int compared = 0;
        while (last < payload.Length)
        {
            long before = last;
            await Until.TrueAsync(() => peer.Current?.ContiguousBytes > before || peer.Result.IsCompleted, Limits.Transfer, "there is more of the beginning", () => $"{peer.Current}");
            last = peer.Current!.ContiguousBytes;
            await using ExternalProcess process = ExternalProcess.Start(cmp, ["-n", $"{last}", Path.Combine(Target, "film.bin"), Path.Combine(source, "film.bin")], Temp.Path);
            Assert.Equal(0, await process.WaitForExitAsync(Limits.Start));
            compared++;
            if (peer.Result.IsCompleted)
                break;
        }

        await peer.UntilCompletedAsync();
        payload.AssertIn(Target);
        Assert.True(compared > 2, $"It was compared {compared} times.");
    }
}
