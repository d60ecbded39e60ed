using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

public sealed class DownloadFromLibtorrentTests : InteropTest
{
    [Theory(Timeout = Limits.Test)]
    [MemberData(nameof(Shapes.Names), MemberType = typeof(Shapes))]
    public async Task Every_byte_arrives(string shape)
    {
        (Payload payload, int pieceLength) = Shapes.Get(shape);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, pieceLength);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(payload));

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        payload.AssertIn(Target);
        Assert.Equal(torrent.InfoHash, result.InfoHash);
        Assert.Equal(payload.Length, result.BytesCompleted);
        Assert.Equal(payload.Length, result.Downloaded - result.Wasted);
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Only_selected_files_are_downloaded()
    {
        var payload = Payload.Folder("selection", Enumerable.Range(0, 24).Select(i => ($"{(i % 2 == 0 ? "even" : "odd")}/{i:00}.{(i % 3 == 0 ? "txt" : "bin")}", 40_000 + i)));
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 32 << 10);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(payload));
        static bool Wanted((string Path, int Length) file) => file.Path.Contains("/even/") && !file.Path.EndsWith(".txt", StringComparison.Ordinal);

        TorrentDownload result = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { Include = ["even/*"], Exclude = ["*.txt"] });

        payload.AssertIn(Target, Wanted);
        Assert.Equal(payload.Files.Where(Wanted).Sum(file => (long)file.Length), result.BytesWanted);
        Assert.True(result.Downloaded < payload.Length * 3 / 4, $"{result.Downloaded} of {payload.Length} bytes were downloaded for {result.BytesWanted}.");
        Assert.All(payload.Files.Where(file => !Wanted(file)), file => Assert.False(File.Exists(Path.Combine(Target, file.Path)), $"'{file.Path}' was not asked for."));
    }

    [Fact(Timeout = Limits.Test)]
    public async Task Other_files_are_downloaded_when_they_are_selected_later()
    {
        var payload = Payload.Folder("later", Enumerable.Range(0, 12).Select(i => ($"{i:00}.bin", 50_000 + i)));
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 32 << 10);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(payload));
        TorrentDownload first = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { Include = ["0[0-4].bin"] });

        TorrentDownload second = await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target, seeder.EndPoint));

        payload.AssertIn(Target);
        // The piece across the file border may be downloaded again: its part of the other file is removed when the first download completes.
        Assert.True(second.Downloaded <= payload.Length - first.BytesCompleted + torrent.PieceLength, $"{second.Downloaded} bytes came after {first.BytesCompleted} of {payload.Length}.");
    }

    [Fact(Timeout = Limits.Test)]
    public async Task In_sequence_each_piece_comes_after_the_one_before()
    {
        var payload = Payload.SingleFile("sequence.bin", 8 << 20);
        TestTorrent torrent = TestTorrent.Create(payload, Temp.Path, 64 << 10);
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(payload), upLimit: 2 << 20);
        await using (OwnPeer peer = OwnPeer.Start(torrent, OwnPeer.Options(Target, seeder.EndPoint) with { Sequential = true }))
        {
            await peer.UntilAsync(status => status.BytesCompleted >= payload.Length / 3, "a third is there");
            await peer.StopAsync();
        }

        bool[] pieces = torrent.VerifyIn(Target);
        int count = pieces.Count(right => right), prefix = pieces.TakeWhile(right => right).Count();
        Assert.InRange(count, torrent.PieceCount / 3, torrent.PieceCount - 1);
        // Pieces in progress at the stop may leave gaps; with rarest first, hardly any piece would have all earlier ones before it.
        Assert.InRange(prefix, count / 2, count);
    }
}
