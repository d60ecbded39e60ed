using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Two seeders of different clients, so slow that one can be killed halfway.</summary>
public sealed class DownloadFromBothTests : InteropTest
{
    private static readonly Payload s_payload = Payload.SingleFile("both.bin", 24 << 20);

    [Theory(Timeout = Limits.Test)]
    [InlineData("libtorrent")]
    [InlineData("Transmission")]
    public async Task It_is_completed_after_one_is_killed_half_way(string killed)
    {
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 128 << 10);
        string source = Source(s_payload);
        // Transmission starts after about twelve seconds; the other must not be finished by then.
        await using LibtorrentPeer libtorrent = await LibtorrentPeer.SeedAsync(torrent, source, upLimit: 1 << 20);
        await using TransmissionPeer transmission = await TransmissionPeer.SeedAsync(torrent, source, Temp, upLimit: 2 << 10);
        await using OwnPeer peer = OwnPeer.Start(torrent, OwnPeer.Options(Target, libtorrent.EndPoint, transmission.EndPoint));
        await peer.UntilAsync(status => status.BytesCompleted >= s_payload.Length / 2, "half is there");
        await transmission.UntilAsync(status => status.Uploaded >= 1 << 20, "has sent its part");
        Assert.True(libtorrent.Current.Uploaded >= 1 << 20, "libtorrent has not sent its part.");
        Assert.False(peer.Result.IsCompleted, "It was complete before one could be killed.");

        if (killed == "libtorrent")
        {
            libtorrent.Kill();
        }
        else
        {
            transmission.Kill();
            libtorrent.LimitUpload(0);
        }

        await peer.UntilCompletedAsync();
        s_payload.AssertIn(Target);
    }
}
