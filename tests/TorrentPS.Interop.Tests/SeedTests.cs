using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Other clients download from us.</summary>
public sealed class SeedTests : InteropTest
{
    [Theory(Timeout = Limits.Test)]
    [MemberData(nameof(Shapes.Names), MemberType = typeof(Shapes))]
    public async Task Libtorrent_gets_every_byte(string shape)
    {
        (Payload payload, int pieceLength) = Shapes.Get(shape);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, pieceLength);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, Source(payload));
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, Target);

        downloader.Connect(seeder.EndPoint);
        await downloader.UntilCompleteAsync();

        payload.AssertIn(Target);
        TorrentDownload result = await seeder.StopAsync();
        Assert.True(result.Uploaded >= payload.Length, $"{result.Uploaded} bytes were sent of {payload.Length}.");
        Assert.Equal(0, result.Downloaded);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task When_libtorrent_bans_us_for_changed_data_the_change_is_found()
    {
        var payload = Payload.SingleFile("changed.bin", 2_000_000);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path);
        string source = Source(payload), file = Path.Combine(source, payload.Name);
        await using OwnPeer seeder = await OwnPeer.SeedAsync(torrent, source);
        await using LibtorrentPeer downloader = await LibtorrentPeer.StartAsync(torrent, Target);
        DateTime written = File.GetLastWriteTimeUtc(file);
        await using (FileStream stream = new(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Position = 1_234_567;
            stream.WriteByte((byte)~payload.Bytes(0)[1_234_567]);
        }

        File.SetLastWriteTimeUtc(file, written);
        downloader.Connect(seeder.EndPoint);
        TorrentDownload result = await seeder.Result.WaitAsync(Limits.Transfer, Token);

        Assert.Equal((TorrentState.Failed, Engine.Errors.TorrentErrorId.DataMismatch), (result.State, result.ErrorId));
        Assert.False(downloader.Current.Complete);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task A_seeder_refuses_data_of_another_torrent()
    {
        var payload = Payload.SingleFile("damaged.bin", 200_000);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path);
        string source = Source(payload);
        byte[] damaged = payload.Bytes(0);
        damaged[123_456] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(source, payload.Name), damaged, Token);

        await using OwnPeer seeder = OwnPeer.Start(torrent, OwnPeer.Options(source) with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan });
        TorrentDownload result = await seeder.Result.WaitAsync(Limits.Transfer, Token);

        Assert.Equal(TorrentState.Failed, result.State);
        Assert.Equal(Engine.Errors.TorrentErrorId.DataMismatch, result.ErrorId);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(Path.Combine(source, payload.Name), Token));
    }
}
