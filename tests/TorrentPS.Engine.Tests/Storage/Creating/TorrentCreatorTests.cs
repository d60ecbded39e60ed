using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Engine.Tests.Storage.Creating;

public sealed class TorrentCreatorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_makes_a_torrent_that_verifies()
    {
        Sample sample = Sample.Make(1000, 1, ("B/x", 70_000), ("c", 0), ("d/ü", 5), ("a.txt", 33_333), (".hidden", 9));
        sample.Lay(_folder.Path, 0, 3, 4);
        File.WriteAllBytes(_folder["T/empty"], []);
        TorrentCreatorOptions options = new()
        {
            Trackers = [[new Uri("http://tracker.test/announce")], [new Uri("udp://other.test:1")]],
            IsPrivate = true,
            Comment = "words",
            CreationDate = DateTimeOffset.UnixEpoch,
        };
        Watcher report = new();
        byte[] bytes = await TorrentCreator.CreateAsync(_folder["T/"], options, report, Token);
        Torrent torrent = Torrent.Parse(bytes);
        Assert.Equal(["T/.hidden", "T/B/x", "T/a.txt", "T/empty"], torrent.Files.Select(file => file.Path));
        Assert.Equal("T", torrent.Name);
        Assert.Equal(16384, torrent.PieceLength);
        Assert.True(torrent.IsPrivate);
        Assert.Equal("words", torrent.Comment);
        Assert.Equal("TorrentPS", torrent.CreatedBy);
        Assert.Equal(2, torrent.Trackers.Count);
        Assert.Equal(new TorrentCreatorProgress(torrent.Length, torrent.Length), report.Last);
        Assert.Equal(bytes, await TorrentCreator.CreateAsync(_folder["T"], options, null, Token));

        using DataStore store = new(torrent, _folder.Path, [true, true, true, true], readOnly: true);
        Assert.True((await store.VerifyAsync(_ => true, null, Token)).IsFull);
    }

    [Fact]
    public async Task A_file_makes_a_torrent_of_one_file()
    {
        byte[] content = new byte[100_001];
        new Random(1).NextBytes(content);
        await File.WriteAllBytesAsync(_folder["one.bin"], content, Token);
        Torrent torrent = Torrent.Parse(await TorrentCreator.CreateAsync(_folder["one.bin"], new() { PieceLength = 32768, Name = "other.bin" }, null, Token));
        Assert.True(torrent.IsSingleFile);
        Assert.Equal("other.bin", torrent.Name);
        Assert.Equal(4, torrent.PieceCount);
        File.Move(_folder["one.bin"], _folder["other.bin"]);
        using DataStore store = new(torrent, _folder.Path, [true], readOnly: true);
        Assert.True((await store.VerifyAsync(_ => true, null, Token)).IsFull);
    }

    [Fact]
    public async Task An_empty_folder_makes_no_torrent()
    {
        Directory.CreateDirectory(_folder["empty"]);
        await File.WriteAllBytesAsync(_folder["zero"], [], Token);
        Assert.Equal(TorrentErrorId.InvalidTorrent, await FailAsync("empty"));
        Assert.Equal(TorrentErrorId.InvalidTorrent, await FailAsync("zero"));
        Assert.Equal(TorrentErrorId.TorrentNotFound, await FailAsync("none"));
        Assert.Equal(TorrentErrorId.TorrentNotFound, await FailAsync("none/none"));
    }

    [Fact]
    public async Task An_invalid_piece_length_is_refused()
    {
        await File.WriteAllBytesAsync(_folder["f"], new byte[100], Token);
        Assert.Equal(TorrentErrorId.InvalidTorrent, await FailAsync("f", new() { PieceLength = 0 }));
        Assert.Equal(TorrentErrorId.InvalidTorrent, await FailAsync("f", new() { PieceLength = int.MaxValue }));
        Assert.Equal(TorrentErrorId.InvalidTorrent, await FailAsync("f", new() { PieceLength = 8 << 10 }));
        Assert.Equal(TorrentErrorId.InvalidTorrent, await FailAsync("f", new() { PieceLength = 48 << 10 }));
        Assert.Equal(TorrentErrorId.InvalidTorrent, await FailAsync("f", new() { PieceLength = 512 << 20 }));
        Assert.Equal(256 << 20, TorrentDraft.Collect([_folder["f"]], new() { PieceLength = 256 << 20 }, Token).PieceLength);
    }

    [Fact]
    public async Task A_file_that_changes_during_hashing_is_refused()
    {
        await File.WriteAllBytesAsync(_folder["f"], new byte[100_000], Token);
        Watcher grow = new(() => File.AppendAllText(_folder["f"], "x"));
        Assert.Equal(TorrentErrorId.DataMismatch, await FailAsync("f", progress: grow));
        Watcher touch = new(() => File.SetLastWriteTimeUtc(_folder["f"], DateTime.UnixEpoch));
        Assert.Equal(TorrentErrorId.DataMismatch, await FailAsync("f", progress: touch));
        Watcher remove = new(() => File.Delete(_folder["f"]));
        Assert.Equal(TorrentErrorId.DataMismatch, await FailAsync("f", progress: remove));
    }

    [Fact]
    public async Task Links_to_files_are_followed_and_links_to_folders_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");
        Directory.CreateDirectory(_folder["T"]);
        await File.WriteAllTextAsync(_folder["outside"], "bytes", Token);
        File.CreateSymbolicLink(_folder["T/link"], _folder["outside"]);
        Torrent torrent = Torrent.Parse(await TorrentCreator.CreateAsync(_folder["T"], null, null, Token));
        Assert.Equal(5, torrent.Length);
        using DataStore store = new(torrent, _folder.Path, [true], readOnly: true);
        Assert.True((await store.VerifyAsync(_ => true, null, Token)).IsFull);

    }

    [Fact]
    public async Task Cancelling_ends_it()
    {
        await File.WriteAllBytesAsync(_folder["f"], new byte[100], Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TorrentCreator.CreateAsync(_folder["f"], null, null, new CancellationToken(canceled: true)));
    }

    private async Task<TorrentErrorId> FailAsync(string path, TorrentCreatorOptions? options = null, Watcher? progress = null)
    {
        TorrentException e = await Assert.ThrowsAsync<TorrentException>(() => TorrentCreator.CreateAsync(_folder[path], options, progress, Token));
        Assert.Contains(_folder[path], e.Message);
        return e.ErrorId;
    }

    private sealed class Watcher(Action? action = null) : IProgress<TorrentCreatorProgress>
    {
        private readonly Lock _lock = new();

        public TorrentCreatorProgress Last { get; private set; }

        private void Keep(TorrentCreatorProgress value)
        {
            lock (_lock)
            {
                if (value.BytesHashed >= Last.BytesHashed)
                    Last = value;
                action?.Invoke();
            }
        }

        void IProgress<TorrentCreatorProgress>.Report(TorrentCreatorProgress value) => Keep(value);
    }
}
