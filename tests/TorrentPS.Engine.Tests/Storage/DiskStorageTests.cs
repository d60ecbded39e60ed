using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Data that a download or a seed finds on disk and leaves there, and its use by the next run.</summary>
public sealed class DiskStorageTests : IDisposable
{
    private const int PieceLength = 16384;

    private readonly TemporaryFolder _folder = new(), _state = new();
    private readonly Sample _sample = Sample.Build(PieceLength, 1, null, ("a", 2 * PieceLength), ("b", PieceLength), ("c", 100));
    private readonly List<string> _log = [];
    private readonly List<(int Done, int Of)> _checked = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Control => _folder[".torrentps"];

    public void Dispose()
    {
        _folder.Dispose();
        _state.Dispose();
    }

    [Fact]
    public async Task A_complete_download_leaves_its_files_and_a_record_for_similar_torrents()
    {
        using (DiskStorage storage = Open())
        {
            Assert.Equal(_folder["T"], storage.DataPath);
            Assert.Empty(Pieces(await CheckAsync(storage)));
            Assert.NotEmpty(Directory.GetFileSystemEntries(Control)); // from now on, the files' content is ours
            Bitfield have = WriteAll(storage);
            await storage.CompleteAsync(have, null);
            Assert.True(have.IsFull);
        }

        Assert.False(Path.Exists(Control));
        Assert.Equal(_sample.File(0), File.ReadAllBytes(_folder["T/a"]));
        Assert.Equal([_folder["T"]], new LocalTorrents(_state.Path).FindSimilar(Similar()));
        Assert.Empty(_log);
    }

    [Fact]
    public async Task The_location_of_a_private_torrents_data_is_not_recorded()
    {
        Sample sample = Sample.Build(PieceLength, 2, builder => builder.IsPrivate = true, ("a", 100), ("b", 200));
        using DiskStorage storage = Open(sample);
        await CheckAsync(storage);
        await storage.CompleteAsync(WriteAll(storage, sample), null);
        Assert.Empty(Directory.GetFileSystemEntries(_state.Path));
    }

    [Fact]
    public async Task A_failure_to_record_downloaded_data_is_only_reported()
    {
        File.WriteAllText(_state["torrents"], "in the way");
        using DiskStorage storage = Open();
        await CheckAsync(storage);
        await storage.CompleteAsync(WriteAll(storage), null);
        Assert.Contains("a similar torrent will not find it", Assert.Single(_log));
    }

    [Fact]
    public async Task The_next_run_resumes_without_hashing_again()
    {
        using (DiskStorage storage = Open())
        {
            Bitfield have = await CheckAsync(storage);
            storage.Write(2, 0, [_sample.Piece(2)]);
            have.Add(2);
            Assert.True(storage.Save(have, underWay: false));
        }

        _checked.Clear();
        using (DiskStorage storage = Open())
        {
            await AssertFindsAsync(storage, 2);
            Assert.Empty(_checked);
            byte[] read = new byte[PieceLength];
            Assert.True(storage.TryRead(2, 0, read));
            Assert.Equal(_sample.Piece(2).Span, read);
        }

        using DiskStorage again = Open(change: request => request with { Recheck = true });
        await AssertFindsAsync(again, 2);
        Assert.Equal((4, 4), _checked.Max());
    }

    [Fact]
    public async Task A_record_that_cannot_be_written_does_not_end_a_running_download()
    {
        using DiskStorage storage = Open();
        Bitfield have = await CheckAsync(storage);
        Directory.CreateDirectory(Path.Join(Control, $"{_sample.Torrent.InfoHash}.resume.tmp"));
        Assert.False(storage.Save(have, underWay: true));
        Assert.StartsWith("The resume file was not written: ", Assert.Single(_log), StringComparison.Ordinal);
        Assert.Throws<TorrentException>(() => storage.Save(have, underWay: false));
    }

    [Fact]
    public async Task A_running_download_notices_a_removed_file()
    {
        using DiskStorage storage = Open();
        Bitfield have = await CheckAsync(storage);
        storage.Write(2, 0, [_sample.Piece(2)]);
        File.Delete(_folder["T/b"]);
        Assert.Equal(TorrentErrorId.DataMismatch, Assert.Throws<TorrentException>(() => storage.Save(have, underWay: true)).ErrorId);
        storage.RemoveMissing(Full(have));
        Assert.Equal([0, 1, 3], Pieces(have));
    }

    [Fact]
    public async Task Damage_by_another_program_is_found_at_the_end_and_only_it_is_downloaded_again()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows tells the time of a file that is being written only when it is closed.");
        using (DiskStorage storage = Open())
        {
            await CheckAsync(storage);
            Bitfield have = WriteAll(storage);
            storage.Save(have, underWay: true);
            Damage("b");
            TorrentException fault = await Assert.ThrowsAsync<TorrentException>(() => storage.CompleteAsync(have, null));
            Assert.Equal(TorrentErrorId.DataMismatch, fault.ErrorId);
            Assert.Contains(_folder["T/b"], fault.Message, StringComparison.Ordinal);
            Assert.Equal([0, 1, 3], Pieces(have));
        }

        using DiskStorage next = Open();
        await AssertFindsAsync(next, 0, 1, 3);
    }

    /// <summary>They were found changed, but another program has restored them.</summary>
    [Fact]
    public async Task Withdrawn_pieces_count_again_if_they_are_right_at_the_end()
    {
        using DiskStorage storage = Open();
        await CheckAsync(storage);
        Bitfield have = WriteAll(storage), withdrawn = new(have.Length);
        have.Remove(1);
        withdrawn.Add(1);
        await storage.CompleteAsync(have, withdrawn);
        Assert.True(have.IsFull);
    }

    [Fact]
    public async Task Nothing_is_written_to_a_read_only_place_without_need()
    {
        _sample.Lay(_folder.Path, 0, 1, 2);
        File.WriteAllText(Control, "in the way");
        string[] before = Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories);
        using (DiskStorage storage = Open())
        {
            await AssertFindsAsync(storage, 0, 1, 2, 3);
            Assert.Equal((4, 4), _checked.Max());
        }

        Assert.Equal(before, Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories));

        Damage("b");
        using (DiskStorage storage = Open())
            Assert.Equal(TorrentErrorId.AccessDenied, (await Assert.ThrowsAsync<TorrentException>(() => CheckAsync(storage))).ErrorId);
        File.AppendAllText(_folder["T/c"], "more");
        _checked.Clear();
        using (DiskStorage storage = Open())
            Assert.Equal(TorrentErrorId.AccessDenied, (await Assert.ThrowsAsync<TorrentException>(() => CheckAsync(storage))).ErrorId);
        Assert.Empty(_checked); // the lengths alone show it
    }

    [Fact]
    public async Task A_file_of_the_user_is_overwritten_only_on_request()
    {
        Directory.CreateDirectory(_folder["T"]);
        File.WriteAllText(_folder["T/c"], "my notes");
        using (DiskStorage storage = Open())
            Assert.Equal(TorrentErrorId.FileExists, (await Assert.ThrowsAsync<TorrentException>(() => CheckAsync(storage))).ErrorId);
        using DiskStorage forced = Open(change: request => request with { Overwrite = true });
        Assert.Empty(Pieces(await CheckAsync(forced)));
    }

    [Fact]
    public async Task Two_downloads_of_one_torrent_do_not_share_a_destination()
    {
        using DiskStorage first = Open();
        Assert.Equal(TorrentErrorId.DataInUse, Assert.Throws<TorrentException>(() => Open()).ErrorId);
        first.Dispose();
        using DiskStorage second = Open();
        Assert.Empty(Pieces(await CheckAsync(second)));
    }

    [Fact]
    public void A_torrent_that_cannot_be_stored_locks_nothing()
    {
        Sample bad = Sample.Make(16, 1, ("../x", 5), ("b", 5));
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => Open(bad)).ErrorId);
        Assert.False(Path.Exists(Control));
    }

    [Fact]
    public async Task Data_to_seed_is_hashed_once_and_never_written_to()
    {
        _sample.Lay(_folder.Path, 0, 1, 2);
        string[] before = Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories);
        using (DiskStorage storage = Open(change: Seed))
            Assert.True((await CheckAsync(storage)).IsFull);
        Assert.Equal((4, 4), _checked.Max());
        _checked.Clear();
        using (DiskStorage storage = Open(change: Seed))
            Assert.True((await CheckAsync(storage)).IsFull);
        Assert.Empty(_checked);
        Assert.Equal([_folder["T"]], new LocalTorrents(_state.Path).FindSimilar(Similar()));
        Assert.Equal(before, Directory.GetFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories));

        using (DiskStorage storage = Open(change: request => Seed(request) with { Recheck = true }))
            Assert.True((await CheckAsync(storage)).IsFull);
        Assert.Equal((4, 4), _checked.Max());
        _checked.Clear();

        // Some of it turned out to be changed.
        using (DiskStorage storage = Open(change: Seed))
            storage.Withdrawn();
        using (DiskStorage storage = Open(change: Seed))
            Assert.True((await CheckAsync(storage)).IsFull);
        Assert.Equal((4, 4), _checked.Max());
    }

    [Fact]
    public async Task A_record_of_seeded_data_is_kept_from_its_last_use_on()
    {
        _sample.Lay(_folder.Path, 0, 1, 2);
        using (DiskStorage storage = Open(change: Seed))
            await CheckAsync(storage);
        string note = Assert.Single(Directory.GetFiles(_state["seeds"]));
        File.SetLastWriteTimeUtc(note, DateTime.UtcNow.AddDays(-300));
        using (DiskStorage storage = Open(change: Seed))
            await CheckAsync(storage);
        Assert.InRange(DateTime.UtcNow - File.GetLastWriteTimeUtc(note), TimeSpan.FromDays(-1), TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task Incomplete_data_to_seed_is_reported_file_by_file()
    {
        _sample.Lay(_folder.Path, 0, 1);
        using (DiskStorage storage = Open(change: Seed))
        {
            Bitfield have = await CheckAsync(storage);
            Assert.Empty(Pieces(have));
            Assert.Empty(_checked); // the data is incomplete, whatever its content
            Assert.Contains("'T/c' is missing", storage.DescribeFaults(have), StringComparison.Ordinal);
            Assert.DoesNotContain("differs", storage.DescribeFaults(have), StringComparison.Ordinal);
        }

        _sample.Lay(_folder.Path, 2);
        Damage("b");
        using (DiskStorage storage = Open(change: Seed))
        {
            Bitfield have = await CheckAsync(storage);
            Assert.Equal([0, 1, 3], Pieces(have));
            Assert.Contains("'T/b' differs in 1 of 1 pieces", storage.DescribeFaults(have), StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFileSystemEntries(_state.Path));
    }

    [Fact]
    public async Task A_failure_to_record_seeded_data_is_only_reported()
    {
        _sample.Lay(_folder.Path, 0, 1, 2);
        File.WriteAllText(_state["seeds"], "in the way");
        using DiskStorage storage = Open(change: Seed);
        Assert.True((await CheckAsync(storage)).IsFull);
        Assert.Contains("it is hashed again next time", Assert.Single(_log));
    }

    [Fact]
    public async Task Given_data_and_that_of_similar_torrents_is_copied_and_reported()
    {
        using TemporaryFolder donors = new();
        Sample old = _sample.Change(null, 0);
        old.Lay(donors.Path, 0, 1, 2);
        using (DiskStorage storage = Open(change: request => request with { ReuseFrom = [donors.Path] }))
        {
            await AssertFindsAsync(storage, 1, 2, 3);
            Assert.Equal(2 * PieceLength + 100, storage.BytesReused);
            Assert.Equal($"{2 * PieceLength + 100} bytes were copied from other data on this machine", Assert.Single(_log));
        }

        _log.Clear();
        new LocalTorrents(_state.Path).Save(old.Torrent, donors["T"], DateTime.UtcNow);
        Sample next = _sample.Change(builder => builder.Similar = [old.Torrent.InfoHash], 0, 1);
        foreach (bool isAsked in (bool[])[false, true])
        {
            using TemporaryFolder target = new();
            using DiskStorage storage = Open(next, request => request with { Destination = target.Path, ReuseSimilar = isAsked });
            await AssertFindsAsync(storage, isAsked ? [1, 2, 3] : []);
            Assert.Equal(isAsked ? 1 : 0, _log.Count);
        }
    }

    [Fact]
    public void Links_of_a_torrent_are_not_created_and_that_is_reported()
    {
        Sample sample = WithLinks(4);
        using (DiskStorage storage = Open(sample))
            Assert.Equal("Symbolic links (BEP 47) of 'T' are left empty: 'T/l0' to 'a', 'T/l1' to 'a', 'T/l2' to 'a', …", Assert.Single(_log));
        _log.Clear();
        using (DiskStorage storage = Open(WithLinks(3)))
            Assert.EndsWith("'T/l2' to 'a'", Assert.Single(_log), StringComparison.Ordinal);
        _log.Clear();
        using (DiskStorage storage = Open(sample, Seed))
            Assert.Empty(_log);
        using (DiskStorage storage = Open(sample, request => request with { Layout = new FileLayout(sample.Torrent, sample.Only(0)) }))
            Assert.Empty(_log);
    }

    private static Sample WithLinks(int count)
    {
        string links = string.Concat(Enumerable.Range(0, count).Select(i => $"d4:attr1:l6:lengthi0e4:pathl2:l{i}e12:symlink pathl1:aee"));
        return Sample.Of(Torrent.Parse(System.Text.Encoding.ASCII.GetBytes($"d4:infod5:filesld6:lengthi5e4:pathl1:aee{links}e4:name1:T12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee")));
    }

    private static StorageRequest Seed(StorageRequest request) => request with { SeedOnly = true };

    private static int[] Pieces(Bitfield have) => VerifyTests.Indices(have);

    private static Bitfield Full(Bitfield have)
    {
        for (int piece = 0; piece < have.Length; piece++)
            have.Add(piece);
        return have;
    }

    private static Task<Bitfield> CheckAsync(DiskStorage storage, Action<int, int> pieceChecked) => storage.CheckAsync(pieceChecked, Token);

    private Task<Bitfield> CheckAsync(DiskStorage storage) => CheckAsync(storage, (done, of) =>
    {
        lock (_checked)
            _checked.Add((done, of));
    });

    private async Task AssertFindsAsync(DiskStorage storage, params int[] pieces) => Assert.Equal(pieces, Pieces(await CheckAsync(storage)));

    private Bitfield WriteAll(DiskStorage storage, Sample? sample = null)
    {
        sample ??= _sample;
        Bitfield have = new(sample.Torrent.PieceCount);
        for (int piece = 0; piece < have.Length; piece++)
            storage.Write(piece, 0, [sample.Piece(piece)]);
        return Full(have);
    }

    /// <summary>Changes a byte of a file and its time, as another program does.</summary>
    private void Damage(string name)
    {
        using (FileStream file = new(_folder[$"T/{name}"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
        {
            int first = file.ReadByte();
            file.Position = 0;
            file.WriteByte((byte)~first);
        }

        File.SetLastWriteTimeUtc(_folder[$"T/{name}"], DateTime.UtcNow.AddSeconds(5));
    }

    private Torrent Similar() => _sample.Change(builder => builder.Similar = [_sample.Torrent.InfoHash], 0).Torrent;

    private DiskStorage Open(Sample? sample = null, Func<StorageRequest, StorageRequest>? change = null)
    {
        sample ??= _sample;
        StorageRequest request = new(sample.Torrent, new FileLayout(sample.Torrent, sample.All), PieceLayers.Of(sample.Torrent))
        {
            Destination = _folder.Path,
            StateFolder = _state.Path,
            Log = _log.Add,
        };
        return new DiskStorage(change?.Invoke(request) ?? request);
    }
}
