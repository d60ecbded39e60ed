using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Links below the destination do not lead writes out of it.</summary>
public sealed class LinkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _outside = new();
    private readonly Sample _sample = Sample.Make(16, 1, ("sub/a", 20), ("b", 20));

    public LinkTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "making a symbolic link needs a privilege on Windows");

    public void Dispose()
    {
        _folder.Dispose();
        _outside.Dispose();
    }

    [Theory]
    [InlineData("T")]
    [InlineData("T/sub")]
    public void A_folder_that_leads_out_is_refused(string link)
    {
        Directory.CreateDirectory(_folder["T"]);
        if (link == "T")
            Directory.Delete(_folder["T"]);
        Directory.CreateSymbolicLink(_folder[link], _outside.Path);
        AssertRefused(_folder[link]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_path_through_a_link_out_of_the_destination_is_refused(bool exists)
    {
        Directory.CreateDirectory(_folder["T"]);
        if (exists)
            File.WriteAllText(_outside["target"], "mine");
        File.CreateSymbolicLink(_folder["T/b"], _outside["target"]);
        AssertRefused(_folder["T/b"]);
        Assert.Equal(exists, File.Exists(_outside["target"]));
    }

    [Fact]
    public void A_chain_of_links_is_followed_to_its_end()
    {
        Directory.CreateDirectory(_folder["T"]);
        Directory.CreateDirectory(_folder["in"]);
        Directory.CreateSymbolicLink(_folder["in/out"], _outside.Path);
        Directory.CreateSymbolicLink(_folder["T/sub"], "../in/./x/../out");
        AssertRefused(_folder["T/sub"]);
    }

    [Fact]
    public void A_loop_is_refused()
    {
        Directory.CreateDirectory(_folder["T"]);
        Directory.CreateSymbolicLink(_folder["T/sub"], "sub");
        AssertRefused(_folder["T/sub"]);
    }

    [Fact]
    public void The_control_folder_may_not_lead_out_either()
    {
        Directory.CreateSymbolicLink(_folder[".torrentps"], _outside.Path);
        using DataStore store = new(_sample.Torrent, _folder.Path, _sample.All);
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => store.Prepare()).ErrorId);
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => store.SaveResume(store.WantedPieces)).ErrorId);
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => DestinationLock.Acquire(_folder.Path, _sample.Torrent.InfoHash)).ErrorId);
        Assert.Empty(Directory.GetFileSystemEntries(_outside.Path));
    }

    [Fact]
    public void A_link_created_after_preparation_is_refused_on_opening()
    {
        using DataStore store = new(_sample.Torrent, _folder.Path, _sample.All);
        store.Prepare();
        Directory.Delete(_folder["T/sub"], recursive: true);
        File.WriteAllText(_outside["a"], "mine");
        Directory.CreateSymbolicLink(_folder["T/sub"], _outside.Path);
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => store.Write(0, 0, [_sample.Piece(0)])).ErrorId);
        Assert.Equal(TorrentErrorId.UnsafePath, Assert.Throws<TorrentException>(() => store.TryRead(0, 0, new byte[1])).ErrorId);
        Assert.Equal("mine", File.ReadAllText(_outside["a"]));
    }

    [Fact]
    public void Links_within_the_destination_and_to_the_destination_are_allowed()
    {
        Directory.CreateDirectory(_outside["other"]);
        Directory.CreateDirectory(_outside["T"]);
        Directory.CreateSymbolicLink(_outside["T/sub"], _outside["other"]);
        Directory.CreateSymbolicLink(_folder["link"], _outside.Path);
        using DataStore store = new(_sample.Torrent, _folder["link"], _sample.All);
        store.Prepare();
        _sample.WriteAll(store);
        Assert.Equal(_sample.File(0), SharedFile.ReadAllBytes(_outside["other/a"]));
    }

    private void AssertRefused(string link)
    {
        using DataStore store = new(_sample.Torrent, _folder.Path, _sample.All);
        TorrentException e = Assert.Throws<TorrentException>(store.Prepare);
        Assert.Equal(TorrentErrorId.UnsafePath, e.ErrorId);
        Assert.Contains($"'{link}'", e.Message);
    }
}
