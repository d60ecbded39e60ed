using System.Diagnostics;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Tests.Storage.Files;

/// <summary>Other things in place of a file: opening a pipe could block forever.</summary>
public sealed class ControlFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.Make(16, 1, ("a", 20), ("b", 20));

    public static TheoryData<string, string> ControlFiles
    {
        get
        {
            TheoryData<string, string> all = [];
            foreach (string extension in (string[])["resume", "resume.tmp", "lock", "parts", "paths", "paths.tmp"])
            {
                foreach (string kind in (string[])["pipe", "folder", "link", "device"])
                    all.Add(extension, kind);
            }

            return all;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(ControlFiles))]
    public void In_place_of_a_control_file_it_is_an_error_at_once(string extension, string kind)
    {
        string path = _folder[$".torrentps/{_sample.Torrent.InfoHash}.{extension}"];
        Put(kind, path);
        TorrentException e = Assert.Throws<TorrentException>(() =>
        {
            using var taken = DestinationLock.Acquire(_folder.Path, _sample.Torrent.InfoHash, ["T/a"]);
            using DataStore store = new(_sample.Torrent, _folder.Path, _sample.Only(0));
            store.LoadResume();
            store.Prepare();
        });
        Assert.Equal(TorrentErrorId.AccessDenied, e.ErrorId);
        Assert.Contains(path, e.Message);
        Assert.False(File.Exists(_folder["T/a"]));
    }

    [Theory]
    [InlineData("resume", "pipe")]
    [InlineData("resume", "folder")]
    [InlineData("resume", "link")]
    [InlineData("resume.tmp", "pipe")]
    [InlineData("parts", "pipe")]
    public void A_pipe_created_meanwhile_is_not_opened_either(string extension, string kind)
    {
        using DataStore store = new(_sample.Torrent, _folder.Path, _sample.Only(0));
        store.Prepare();
        Put(kind, _folder[$".torrentps/{_sample.Torrent.InfoHash}.{extension}"]);
        Assert.Throws<TorrentException>(() =>
        {
            store.Write(1, 0, [_sample.Piece(1)]);
            store.SaveResume(store.WantedPieces);
        });
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("folder")]
    [InlineData("device")]
    public void In_place_of_data_it_is_an_error_at_once(string kind)
    {
        Put(kind, _folder["T/a"]);
        using DataStore store = new(_sample.Torrent, _folder.Path, _sample.All);
        TorrentException e = Assert.Throws<TorrentException>(() => store.Prepare());
        Assert.Equal(TorrentErrorId.AccessDenied, e.ErrorId);
        Assert.Contains(_folder["T/a"], e.Message);
        Assert.False(File.Exists(_folder["T/b"]));
        using DataStore seed = new(_sample.Torrent, _folder.Path, _sample.All, readOnly: true);
        Assert.Throws<TorrentException>(() => seed.TryRead(0, 0, new byte[16]));
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("folder")]
    [InlineData("link")]
    public void A_kept_state_is_ignored(string kind)
    {
        string state = _folder["state"];
        SeedRecords seeds = new(state);
        LocalTorrents torrents = new(state);
        using DataStore store = new(_sample.Torrent, _folder.Path, _sample.All, readOnly: true);
        seeds.Save(_sample.Torrent, store.DataPath, store.MakeSeedRecord());
        torrents.Save(_sample.Torrent, store.DataPath, DateTime.UtcNow);
        using (DhtStateFile dht = DhtStateFile.Open(state, [])!)
            dht.Save(new DhtState());
        foreach (string file in Directory.GetFiles(state, "*", SearchOption.AllDirectories))
        {
            File.Delete(file);
            Put(kind, file);
        }

        Assert.Null(seeds.Load(_sample.Torrent, store.DataPath));
        Assert.Throws<TorrentException>(() => seeds.Save(_sample.Torrent, store.DataPath, store.MakeSeedRecord()));
        Assert.Throws<TorrentException>(() => torrents.Save(_sample.Torrent, store.DataPath, DateTime.UtcNow));
        Assert.Empty(torrents.FindSimilar(_sample.Torrent));
        using DhtStateFile? again = DhtStateFile.Open(state, []);
        Assert.Null(again?.Load());
        again?.Save(new DhtState());
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("device")]
    public void Files_named_by_users_must_be_files(string kind)
    {
        Put(kind, _folder["named"]);
        Assert.Throws<IOException>(() => GivenFile.ReadAllBytes(_folder["named"], 100));
        TorrentException e = Assert.Throws<TorrentException>(() => new AddressListReader().Read(_folder["named"]));
        Assert.Equal(TorrentErrorId.InvalidIPFilter, e.ErrorId);
    }

    [Fact]
    public void A_file_given_by_the_user_is_read_up_to_a_length()
    {
        File.WriteAllText(_folder["named"], "12345");
        Assert.Equal("12345"u8, GivenFile.ReadAllBytes(_folder["named"], 5));
        Assert.Throws<IOException>(() => GivenFile.ReadAllBytes(_folder["named"], 4));
    }

    private void Put(string kind, string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no pipes among the files of Windows, and links need a privilege.");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        switch (kind)
        {
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "link":
                File.WriteAllText(_folder["elsewhere"], "mine");
                File.CreateSymbolicLink(path, _folder["elsewhere"]);
                break;
            case "device":
                Assert.SkipUnless(Environment.IsPrivilegedProcess, "Devices are made by root alone.");
                Run("mknod", path, "c", "1", "5");
                break;
            default:
                Run("mkfifo", path);
                break;
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.SkipUnless(process.ExitCode == 0, $"{program} is not allowed here.");
    }
}
