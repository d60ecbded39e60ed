using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Tests.Storage.Records;

/// <summary>Records of data that was found complete.</summary>
public sealed class SeedRecordsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.Make(16, 1, ("a", 40), ("b", 20));
    private readonly SeedRecords _records;

    public SeedRecordsTests() => _records = new SeedRecords(_folder["state"]);

    private Torrent Torrent => _sample.Torrent;

    private string[] Files => Directory.GetFiles(_folder["state/seeds"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_record_belongs_to_a_torrent_and_a_place_and_is_read_as_written()
    {
        Assert.Null(_records.Load(Torrent, "/here"));
        _records.Save(Torrent, "/here", Record("boot"));
        ResumeRecord read = _records.Load(Torrent, "/here")!;
        Assert.Equal("boot", read.Boot);
        Assert.True(read.Have.IsFull);
        Assert.Equal([1, 2, -1], read.Sizes);
        Assert.Null(_records.Load(Torrent, "/there"));
        Assert.Null(_records.Load(Sample.Make(16, 2, ("a", 40), ("b", 20)).Torrent, "/here"));
        Assert.EndsWith(".seed", Assert.Single(Files)); // and no temporary file is left
        _records.Save(Torrent, "/here", Record("another"));
        Assert.Equal("another", _records.Load(Torrent, "/here")!.Boot);
        Assert.Single(Files);
    }

    [Fact]
    public void A_removed_or_damaged_record_is_ignored()
    {
        _records.Save(Torrent, "/here", Record("boot"));
        _records.Save(Torrent, "/there", Record("boot"));
        _records.Remove(Torrent, "/here");
        Assert.Null(_records.Load(Torrent, "/here"));
        Assert.NotNull(_records.Load(Torrent, "/there"));
        string path = Assert.Single(Files);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^9] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Null(_records.Load(Torrent, "/there"));
        File.Delete(path);
        Directory.CreateDirectory(path); // cannot be read
        Assert.Null(_records.Load(Torrent, "/there"));
    }

    [Fact]
    public void Records_unused_for_400_days_are_removed_when_another_is_written()
    {
        _records.Save(Torrent, "/old", Record("boot"));
        string old = Assert.Single(Files);
        _records.Save(Torrent, "/young", Record("boot"));
        string young = Assert.Single(Files, file => file != old);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-401));
        File.SetLastWriteTimeUtc(young, DateTime.UtcNow.AddDays(-399));
        _records.Save(Torrent, "/new", Record("boot"));
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
        DateTime now = new(2031, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        _records.Touch(Torrent, "/young", now);
        Assert.Equal(now, File.GetLastWriteTimeUtc(young));
        _records.Touch(Torrent, "/none", now); // it does not exist, which does no harm
    }

    [Fact]
    public void If_none_can_be_written_the_error_has_the_path()
    {
        File.WriteAllText(_folder["state"], "a file, and no folder");
        TorrentException e = Assert.Throws<TorrentException>(() => _records.Save(Torrent, "/here", Record("boot")));
        Assert.Equal(TorrentErrorId.AccessDenied, e.ErrorId);
        Assert.StartsWith($"'{_folder["state/seeds"]}", e.Message);
        Assert.Contains(".seed' cannot be written: ", e.Message);
    }

    private ResumeRecord Record(string boot)
    {
        Bitfield have = new(Torrent.PieceCount);
        for (int piece = 0; piece < have.Length; piece++)
            have.Add(piece);
        return new ResumeRecord(have, [true, true], [1, 2, -1], [3, 4, 0], boot);
    }
}
