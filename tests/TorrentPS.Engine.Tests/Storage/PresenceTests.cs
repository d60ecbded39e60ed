using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Data that is removed while it is written: on some systems writing succeeds nevertheless.</summary>
public sealed class PresenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.Make(16, 1, ("a", 36), ("sub/b", 40));
    private readonly DataStore _store;

    private string Destination => _folder["there"];

    public PresenceTests()
    {
        Directory.CreateDirectory(Destination);
        _store = new DataStore(_sample.Torrent, Destination, _sample.All);
        _store.Prepare();
        _sample.WriteAll(_store);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Existing_files_are_not_missed_and_are_flushed()
    {
        Assert.Null(Record.Exception(_store.CheckPresence));
        Assert.Null(Record.Exception(_store.FlushAll));
    }

    [Fact]
    public void A_removed_file_is_noticed()
    {
        File.Delete(_folder["there/T/sub/b"]);
        Assert.Equal(TorrentErrorId.DataMismatch, Assert.Throws<TorrentException>(_store.CheckPresence).ErrorId);
        TorrentException e = Assert.Throws<TorrentException>(_store.FlushAll);
        Assert.Equal(TorrentErrorId.DataMismatch, e.ErrorId);
        Assert.Contains(Path.Join("T", "sub", "b"), e.Message);
        Bitfield have = _store.WantedPieces.Clone();
        _store.RemoveMissing(have);
        Assert.Equal([0, 1], VerifyTests.Indices(have));
    }

    [Fact]
    public void A_replaced_file_is_noticed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "An open file cannot be replaced.");
        File.Delete(_folder["there/T/a"]);
        File.WriteAllBytes(_folder["there/T/a"], new byte[36]);
        File.SetLastWriteTimeUtc(_folder["there/T/a"], DateTime.UtcNow.AddHours(-1));
        Assert.Equal(TorrentErrorId.DataMismatch, Assert.Throws<TorrentException>(_store.FlushAll).ErrorId);
    }

    [Fact]
    public void A_missing_destination_is_an_error_and_is_not_created_again()
    {
        Directory.Delete(Destination, recursive: true);
        foreach (Action action in (Action[])[_store.CheckPresence, _store.FlushAll, () => _store.SaveResume(_store.WantedPieces)])
        {
            TorrentException e = Assert.Throws<TorrentException>(action);
            Assert.Equal(TorrentErrorId.AccessDenied, e.ErrorId);
            Assert.Contains($"'{Destination}' is gone", e.Message);
        }

        Assert.False(Directory.Exists(Destination));
    }

    [Fact]
    public void A_parts_file_does_not_recreate_the_destination()
    {
        using DataStore some = new(_sample.Torrent, Destination, _sample.Only(0));
        some.Prepare();
        Directory.Delete(Destination, recursive: true);
        Assert.Equal(TorrentErrorId.AccessDenied, Assert.Throws<TorrentException>(() => some.Write(2, 0, [_sample.Piece(2)])).ErrorId);
        Assert.False(Directory.Exists(Destination));
    }

    [Fact]
    public void The_folders_in_which_the_destination_was_created_are_known()
    {
        using DestinationLock made = DestinationLock.Acquire(_folder["x/y/z"], _sample.Torrent.InfoHash);
        Assert.Equal([_folder["x/y"], _folder["x"], _folder.Path], made.FoldersMadeIn);
        using DestinationLock there = DestinationLock.Acquire(Destination, _sample.Torrent.InfoHash);
        Assert.Empty(there.FoldersMadeIn);
    }

    [Fact]
    public void Failing_to_open_a_folder_for_flushing_is_no_error()
    {
        Assert.Null(Record.Exception(() => FolderEntries.Flush(_folder["missing"])));
        Assert.Null(Record.Exception(() => FolderEntries.Flush(_folder.Path)));
    }
}
