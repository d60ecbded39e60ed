using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class SeedSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.Make(16384, 1, ("a", 10));

    public void Dispose() => _folder.Dispose();

    /// <summary>A folder with an item of the torrent's name.</summary>
    private string With(string name)
    {
        string folder = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.Combine(folder, _sample.Torrent.Name));
        return folder;
    }

    [Fact]
    public void A_torrent_that_was_just_created_knows_its_data()
    {
        string made = With("made"), beside = With("beside"), current = With("current");
        string file = Path.Combine(beside, "x.torrent");
        Assert.Equal(made, SeedSource.Find(new TorrentInfo(_sample.Torrent, file, made), null, current));
        Assert.Equal(beside, SeedSource.Find(new TorrentInfo(_sample.Torrent, file), null, current));
        Assert.Equal(current, SeedSource.Find(new TorrentInfo(_sample.Torrent, "http://a.example/x.torrent"), null, current));
    }

    [Fact]
    public void A_given_folder_is_the_only_one_used()
    {
        string made = With("made"), given = With("given");
        TorrentInfo torrent = new(_sample.Torrent, null, made);
        Assert.Equal(given, SeedSource.Find(torrent, given, made));
        Assert.Equal(given, SeedSource.Find(torrent, Path.Combine(given, torrent.Name), made));
        TorrentException failure = Assert.Throws<TorrentException>(() => SeedSource.Find(torrent, Path.Combine(_folder.Path, "none"), made));
        Assert.Equal(TorrentErrorId.DataMismatch, failure.ErrorId);
    }

    [Fact]
    public void Each_searched_place_is_named_once()
    {
        string one = Path.Combine(_folder.Path, "one"), two = Path.Combine(_folder.Path, "two");
        TorrentException failure = Assert.Throws<TorrentException>(() => SeedSource.Find(new TorrentInfo(_sample.Torrent, Path.Combine(one, "x.torrent"), one), null, two));
        Assert.Contains($"is not in '{one}' nor in '{two}'.", failure.Message, StringComparison.Ordinal);
    }
}
