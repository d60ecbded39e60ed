using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>The report on each file of a torrent.</summary>
public sealed class DataExaminationTests : IDisposable
{
    private const int Piece = 16;

    private readonly TemporaryFolder _folder = new();

    // Pieces of 16: a | a b | b … b | b c | c, and d alone.
    private readonly Sample _sample = Sample.Make(Piece, 1, ("a", 20), ("b", 55), ("c", 21), ("d", 32), ("empty", 0));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Complete_data_is_complete_and_nothing_is_changed()
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3, 4);
        DateTime then = new(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        foreach (string path in Directory.GetFiles(_folder["T"]))
        {
            File.SetLastWriteTimeUtc(path, then);
            File.SetAttributes(path, FileAttributes.ReadOnly);
        }
        Directory.SetLastWriteTimeUtc(_folder["T"], then);

        TorrentDataReport[] reports = await TestAsync();

        Assert.Equal(["T/a", "T/b", "T/c", "T/d", "T/empty"], reports.Select(report => report.Path));
        Assert.All(reports, report => Assert.Equal((TorrentDataStatus.Complete, report.Length, 100.0), (report.Status, report.BytesComplete, report.PercentComplete)));
        Assert.Equal([2, 4, 2, 2, 0], reports.Select(report => report.PieceCount));
        Assert.All(reports, report => Assert.Equal(_folder[report.Path], report.FullName));
        Assert.All(Directory.GetFiles(_folder["T"]), path => Assert.Equal(then, File.GetLastWriteTimeUtc(path)));
        Assert.Equal(then, Directory.GetLastWriteTimeUtc(_folder["T"]));
        Assert.Equal([_folder["T"]], Directory.GetFileSystemEntries(_folder.Path));
        foreach (string path in Directory.GetFiles(_folder["T"]))
            File.SetAttributes(path, FileAttributes.Normal);
    }

    [Fact]
    public async Task A_bad_piece_counts_in_every_file_it_lies_in()
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3, 4);
        Flip("T/b", 0);
        TorrentDataReport[] reports = await TestAsync();
        AssertFile(reports[0], TorrentDataStatus.Damaged, complete: 16, bad: 4, piecesBad: 1);
        AssertFile(reports[1], TorrentDataStatus.Damaged, complete: 43, bad: 12, piecesBad: 1);
        Assert.Equal(TorrentDataStatus.Complete, reports[2].Status);
        Assert.Equal(80.0, reports[0].PercentComplete);
        Assert.Equal(78.18, reports[1].PercentComplete);
    }

    [Fact]
    public async Task A_missing_file_leaves_its_neighbours_unverified_but_not_bad()
    {
        _sample.Lay(_folder.Path, 0, 2, 3);
        TorrentDataReport[] reports = await TestAsync();
        AssertFile(reports[0], TorrentDataStatus.Unverified, complete: 16, unverified: 4);
        AssertFile(reports[1], TorrentDataStatus.Missing, missing: 55);
        AssertFile(reports[2], TorrentDataStatus.Unverified, complete: 16, unverified: 5);
        AssertFile(reports[3], TorrentDataStatus.Complete, complete: 32);
        AssertFile(reports[4], TorrentDataStatus.Missing);
        Assert.Null(reports[1].LengthOnDisk);
        Assert.Equal(0, reports[4].PercentComplete);
    }

    [Fact]
    public async Task Files_that_are_too_short_or_too_long_have_the_wrong_size()
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3, 4);
        File.WriteAllBytes(_folder["T/b"], _sample.File(1)[..30].ToArray());
        File.AppendAllText(_folder["T/d"], "more");
        TorrentDataReport[] reports = await TestAsync();
        AssertFile(reports[0], TorrentDataStatus.Complete, complete: 20);
        // Of b's 30 bytes, 12 + 16 are in complete pieces.
        AssertFile(reports[1], TorrentDataStatus.WrongSize, complete: 28, missing: 25, unverified: 2);
        AssertFile(reports[2], TorrentDataStatus.Unverified, complete: 16, unverified: 5);
        AssertFile(reports[3], TorrentDataStatus.WrongSize, complete: 32);
        Assert.Equal((30, 36), (reports[1].LengthOnDisk, reports[3].LengthOnDisk));
    }

    [Fact]
    public async Task Only_selected_files_are_checked()
    {
        _sample.Lay(_folder.Path, 0, 1, 3);
        Assert.Equal(["T/d"], (await TestAsync(include: ["d"])).Select(report => report.Path));
        Assert.Equal(["T/a", "T/b", "T/empty"], (await TestAsync(exclude: ["c", "T/d"])).Select(report => report.Path));
        TorrentException e = await Assert.ThrowsAsync<TorrentException>(() => TestAsync(include: ["nothing"]));
        Assert.Contains("nothing", e.Message.Replace("No file", "nothing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_parts_file_of_a_selective_download_completes_shared_pieces()
    {
        using (DataStore store = new(_sample.Torrent, _folder.Path, _sample.Only(1)))
        {
            store.Prepare();
            _sample.WriteAll(store);
        }
        TorrentDataReport report = Assert.Single(await TestAsync(include: ["b"]));
        AssertFile(report, TorrentDataStatus.Complete, complete: 55);
    }

    [Fact]
    public async Task Data_behind_links_is_checked_by_the_targets()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
        _sample.Lay(_folder["elsewhere"], 0, 1, 2, 3, 4);
        Directory.CreateSymbolicLink(_folder["T"], _folder["elsewhere/T"]);
        Assert.All(await TestAsync(), report => Assert.Equal(TorrentDataStatus.Complete, report.Status));
        File.Move(_folder["elsewhere/T/d"], _folder["d"]);
        File.CreateSymbolicLink(_folder["T/d"], _folder["d"]);
        Assert.All(await TestAsync(), report => Assert.Equal(TorrentDataStatus.Complete, report.Status));
        File.Delete(_folder["d"]);
        Assert.Equal(TorrentDataStatus.Missing, (await TestAsync())[3].Status);
        File.CreateSymbolicLink(_folder["d"], _folder["T/d"]);
        Assert.Equal(TorrentDataStatus.Missing, (await TestAsync())[3].Status);
    }

    [Fact]
    public async Task An_unreadable_file_is_reported_and_the_others_are_checked()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The file that cannot be read is one of Linux.");
        _sample.Lay(_folder.Path, 0, 1, 2, 3, 4);
        // It can be opened and has a length here, but reading fails.
        File.Delete(_folder["T/b"]);
        File.CreateSymbolicLink(_folder["T/b"], "/proc/self/mem");
        using DataStore store = new(_sample.Torrent, _folder.Path, _sample.All, readOnly: true);
        long[] lengths = store.LengthsOnDisk();
        lengths[1] = 55;
        PieceCondition[] conditions = new PieceCondition[_sample.Torrent.PieceCount];

        await store.ExamineAsync([.. Enumerable.Range(0, conditions.Length)], lengths, (piece, condition) => conditions[piece] = condition, null, Token);

        Assert.Equal([PieceCondition.Right, .. Enumerable.Repeat(PieceCondition.Unreadable, 4), PieceCondition.Right, PieceCondition.Right, PieceCondition.Right], conditions);
        Assert.Equal(TorrentErrorId.AccessDenied, store.ReadError(1)?.ErrorId);
        Assert.Null(store.ReadError(0));
    }

    [Fact]
    public async Task Without_any_file_everything_is_missing()
    {
        TorrentDataReport[] reports = await TestAsync();
        Assert.Equal(5, reports.Length);
        Assert.All(reports, report => Assert.Equal((TorrentDataStatus.Missing, report.Length, 0.0), (report.Status, report.BytesMissing, report.PercentComplete)));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Progress_ends_at_the_total_and_stopping_early_ends_the_work()
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3, 4);
        long greatest = 0, total = 0;
        Lock gate = new();
        await TestAsync(progress: new Watcher(value =>
        {
            lock (gate)
                (greatest, total) = (Math.Max(greatest, value.BytesChecked), value.BytesTotal);
        }));
        Assert.Equal((128, 128), (greatest, total));

        await using TorrentClient client = new();
        await foreach (TorrentDataReport report in client.TestDataAsync(new TorrentInfo(_sample.Torrent), new TestDataOptions { Folder = _folder.Path }, null, Token))
        {
            Assert.Equal(0, report.Index);
            break;
        }
        using CancellationTokenSource stopped = new();
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (TorrentDataReport _ in client.TestDataAsync(new TorrentInfo(_sample.Torrent), new TestDataOptions { Folder = _folder.Path }, null, stopped.Token))
            {
            }
        });
    }

    private async Task<TorrentDataReport[]> TestAsync(string[]? include = null, string[]? exclude = null, IProgress<TestDataProgress>? progress = null)
    {
        await using TorrentClient client = new();
        List<TorrentDataReport> reports = [];
        TestDataOptions options = new() { Folder = _folder.Path, Include = include ?? [], Exclude = exclude ?? [] };
        await foreach (TorrentDataReport report in client.TestDataAsync(new TorrentInfo(_sample.Torrent), options, progress, Token))
            reports.Add(report);
        Assert.All(reports, report => Assert.Equal(report.Length, report.BytesComplete + report.BytesBad + report.BytesMissing + report.BytesUnverified));
        return [.. reports];
    }

    private static void AssertFile(TorrentDataReport report, TorrentDataStatus status, long complete = 0, long bad = 0, long missing = 0, long unverified = 0, int piecesBad = 0) =>
        Assert.Equal((status, complete, bad, missing, unverified, piecesBad),
            (report.Status, report.BytesComplete, report.BytesBad, report.BytesMissing, report.BytesUnverified, report.PiecesBad));

    private void Flip(string path, int offset)
    {
        using FileStream file = File.Open(_folder[path], FileMode.Open);
        file.Position = offset;
        int old = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(old ^ 1));
    }

    private sealed class Watcher(Action<TestDataProgress> action) : IProgress<TestDataProgress>
    {
        public void Report(TestDataProgress value) => action(value);
    }
}
