using System.Collections.Concurrent;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class VerifyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Correct_pieces_are_found_and_one_flipped_bit_is_detected()
    {
        Sample sample = Sample.Make(700_000, 1, ("a", 1_000_000), ("empty", 0), (".pad", 400_000), ("b", 1_234_567));
        sample.Lay(_folder.Path, 0, 1, 3);
        using (FileStream b = File.OpenWrite(_folder["T/b"]))
        {
            b.Position = 1_000_000;
            b.WriteByte((byte)(sample.File(3)[1_000_000] ^ 1));
        }

        using DataStore store = new(sample.Torrent, _folder.Path, sample.All, readOnly: true);
        Bitfield good = await store.VerifyAsync(_ => true, null, Token);
        Assert.Equal([0, 1, 2], Indices(good));
    }

    [Fact]
    public async Task Only_requested_pieces_are_checked_and_each_is_reported()
    {
        Sample sample = Sample.Make(16, 1, ("a", 1000));
        sample.Lay(_folder.Path, 0);
        using DataStore store = new(sample.Torrent, _folder.Path, sample.All, readOnly: true);
        ConcurrentBag<int> reports = [];
        Bitfield good = await store.VerifyAsync(piece => piece % 3 == 0, reports.Add, Token);
        Assert.Equal([.. Enumerable.Range(0, 63).Where(piece => piece % 3 == 0)], Indices(good));
        Assert.Equal(21, reports.Max());
        Assert.Empty(Indices(await store.VerifyAsync(_ => false, reports.Add, Token)));
    }

    [Fact]
    public async Task Pieces_of_missing_and_short_files_are_left_out()
    {
        Sample sample = Sample.Make(16, 1, ("a", 40), ("b", 40), ("c", 40));
        sample.Lay(_folder.Path, 0, 2);
        File.WriteAllBytes(_folder["T/a"], sample.File(0)[..33].ToArray());
        using DataStore store = new(sample.Torrent, _folder.Path, sample.All, readOnly: true);
        Assert.Equal(new[] { 0, 1, 5, 6, 7 }, Indices(await store.VerifyAsync(_ => true, null, Token)));
    }

    [Fact]
    public async Task Files_just_created_are_not_read()
    {
        // All zeros, so that reading the new file would find the pieces.
        Sample sample = Sample.Make(16, 1, (".pad", 64), ("x", 16));
        Torrent zeros = new()
        {
            Name = "zeros",
            InfoHash = sample.Torrent.InfoHash,
            Version = TorrentVersion.V1,
            PieceLength = 16,
            Length = 64,
            PieceCount = 4,
            Files = [new TorrentFile("zeros", 64, 0, 0)],
            IsSingleFile = true,
            InfoBytes = default,
            PieceHashes = sample.Torrent.PieceHashes[..80],
        };
        using DataStore store = new(zeros, _folder.Path, [true]);
        store.Prepare();
        Assert.Empty(Indices(await store.VerifyAsync(_ => true, null, Token)));
        store.Write(3, 0, [new byte[16]]);
        Assert.Equal(new[] { 0, 1, 2, 3 }, Indices(await store.VerifyAsync(_ => true, null, Token)));
    }

    [Fact]
    public async Task Cancelling_ends_it()
    {
        Sample sample = Sample.Make(1 << 20, 1, ("a", 8 << 20));
        sample.Lay(_folder.Path, 0);
        using DataStore store = new(sample.Torrent, _folder.Path, sample.All, readOnly: true);
        using CancellationTokenSource stop = new();
        int checkedPieces = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.VerifyAsync(_ => true, done =>
        {
            checkedPieces = done;
            stop.Cancel();
        }, stop.Token));
        Assert.InRange(checkedPieces, 1, Environment.ProcessorCount);
    }

    [Fact]
    public async Task A_file_selected_later_takes_its_bytes_from_the_parts_file()
    {
        // Pieces of 16: a | a b | b … b | b c | c: both ends of b are in shared pieces.
        Sample sample = Sample.Make(16, 1, ("a", 20), ("b", 55), ("c", 20));
        await DownloadAsync(sample, sample.Only(0, 2));
        using DataStore store = new(sample.Torrent, _folder.Path, sample.All);
        ResumeData resume = store.LoadResume()!;
        Assert.Equal([0, 5], Indices(resume.Have));
        Assert.Equal([1, 2, 3, 4], Indices(resume.Suspect).Order());
        store.Prepare();
        Assert.Equal(new[] { 1, 4 }, Indices(await store.VerifyAsync(piece => resume.Suspect[piece], null, Token)));
        byte[] b = SharedFile.ReadAllBytes(_folder["T/b"]);
        Assert.Equal(sample.File(1)[..12], b[..12]);
        Assert.Equal(sample.File(1)[44..], b[44..]);
    }

    [Fact]
    public async Task After_a_changed_selection_the_shared_piece_is_found_again()
    {
        Sample sample = Sample.Make(16, 1, ("a", 20), ("b", 20));
        await DownloadAsync(sample, sample.Only(0));
        using DataStore store = new(sample.Torrent, _folder.Path, sample.Only(1));
        ResumeData resume = store.LoadResume()!;
        store.Prepare();
        Assert.Equal(new[] { 1 }, Indices(await store.VerifyAsync(piece => resume.Suspect[piece], null, Token)));

        // The data that was in the unwanted file a must not depend on it any more.
        File.Delete(_folder["T/a"]);
        byte[] read = new byte[16];
        Assert.True(store.TryRead(1, 0, read));
        Assert.Equal(sample.Piece(1).Span, read);
    }

    [Fact]
    public async Task An_existing_unwanted_file_serves_the_shared_pieces()
    {
        Sample sample = Sample.Make(16, 1, ("a", 20), ("b", 20));
        sample.Lay(_folder.Path, 0, 1);
        using DataStore store = new(sample.Torrent, _folder.Path, sample.Only(0));
        store.Prepare();
        Assert.Equal(new[] { 0, 1 }, Indices(await store.VerifyAsync(piece => store.WantedPieces[piece], null, Token)));
        Assert.Equal(sample.File(1), SharedFile.ReadAllBytes(_folder["T/b"]));
    }

    private async Task DownloadAsync(Sample sample, bool[] wanted)
    {
        using DataStore store = new(sample.Torrent, _folder.Path, wanted);
        store.Prepare();
        sample.WriteAll(store);
        store.SaveResume(await store.VerifyAsync(piece => store.WantedPieces[piece], null, Token));
    }

    internal static int[] Indices(Bitfield pieces) => [.. Enumerable.Range(0, pieces.Length).Where(piece => pieces[piece])];
}
