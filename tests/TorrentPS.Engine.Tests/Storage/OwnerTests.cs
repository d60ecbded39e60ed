using System.Diagnostics;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Existing files: whose they are, and that they stay unchanged until better data arrives.</summary>
public sealed class OwnerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.Make(16, 1, ("a", 64), ("small", 5), ("c", 43), ("empty", 0));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a", 65)]
    [InlineData("a", 64)]
    [InlineData("a", 10)]
    [InlineData("small", 5)]
    [InlineData("small", 3)]
    [InlineData("small", 500)]
    [InlineData("empty", 1)]
    public async Task A_users_file_is_refused_and_not_touched(string name, int length)
    {
        byte[] mine = [.. Enumerable.Repeat((byte)'x', length)];
        Lay(name, mine);
        TorrentException e = await Assert.ThrowsAsync<TorrentException>(() => BeginAsync());
        Assert.Equal(TorrentErrorId.FileExists, e.ErrorId);
        Assert.Contains(_folder[$"T/{name}"], e.Message);
        Assert.Equal(mine, SharedFile.ReadAllBytes(_folder[$"T/{name}"]));
        Assert.Single(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_correct_beginning_does_not_make_a_longer_file_the_torrents()
    {
        byte[] longer = [.. _sample.File(0), .. "my notes"u8];
        Lay("a", longer);
        Assert.Equal(TorrentErrorId.FileExists, (await Assert.ThrowsAsync<TorrentException>(() => BeginAsync())).ErrorId);
        Assert.Equal(longer, SharedFile.ReadAllBytes(_folder["T/a"]));
    }

    [Fact]
    public async Task Several_are_counted()
    {
        Lay("a", new byte[100]);
        Lay("c", [.. Enumerable.Repeat((byte)1, 43)]);
        Assert.Contains("1 more", (await Assert.ThrowsAsync<TorrentException>(() => BeginAsync())).Message);
    }

    [Fact]
    public async Task Empty_and_partly_correct_files_do_not_belong_to_the_user()
    {
        Lay("small", []);
        Lay("c", new byte[43]); // as other clients preallocate it
        byte[] partly = _sample.File(0).ToArray();
        partly.AsSpan(16).Clear();
        Lay("a", partly);
        using DataStore store = await BeginAsync();
        Assert.Equal(partly, SharedFile.ReadAllBytes(_folder["T/a"]));
        _sample.WriteAll(store);
        Assert.Equal(_sample.File(2), SharedFile.ReadAllBytes(_folder["T/c"]));
    }

    [Theory]
    [InlineData("c", 2)]
    [InlineData("small", 0)] // which has no complete piece
    public async Task Data_with_a_bad_byte_in_a_piece_of_several_files_is_repaired(string name, int at)
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3);
        byte[] damaged = SharedFile.ReadAllBytes(_folder[$"T/{name}"]);
        damaged[at] ^= 255;
        Lay(name, damaged);
        using DataStore store = await BeginAsync();
        _sample.WriteAll(store);
        Assert.Equal(_sample.File(1), SharedFile.ReadAllBytes(_folder["T/small"]));
        Assert.Equal(_sample.File(2), SharedFile.ReadAllBytes(_folder["T/c"]));
    }

    [Fact]
    public async Task A_file_of_another_length_beside_correct_data_belongs_to_the_user()
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3);
        Lay("small", "mine"u8.ToArray());
        Assert.Equal(TorrentErrorId.FileExists, (await Assert.ThrowsAsync<TorrentException>(() => BeginAsync())).ErrorId);
        Assert.Equal("mine"u8, SharedFile.ReadAllBytes(_folder["T/small"]));
    }

    [Fact]
    public async Task An_unwanted_file_may_belong_to_the_user()
    {
        Lay("a", new byte[1000]);
        Lay("small", "mine"u8.ToArray());
        using DataStore store = await BeginAsync(_sample.Only(2));
        _sample.WriteAll(store);
        Assert.Equal("mine"u8, SharedFile.ReadAllBytes(_folder["T/small"]));
        Assert.Equal(1000, new FileInfo(_folder["T/a"]).Length);
    }

    [Fact]
    public async Task Files_of_an_earlier_run_are_recognized_by_its_resume_file()
    {
        using (DataStore killed = await BeginAsync())
        {
            killed.SaveResume(new Bitfield(_sample.Torrent.PieceCount));
            killed.Write(0, 3, [new byte[] { 9, 9 }]); // part of a piece still to be verified
        }

        using DataStore store = await BeginAsync();
        _sample.WriteAll(store);
        Assert.Equal(_sample.File(0), SharedFile.ReadAllBytes(_folder["T/a"]));
    }

    [Fact]
    public async Task It_is_recognized_even_if_it_is_wanted_again_later()
    {
        using (DataStore killed = await BeginAsync())
        {
            killed.SaveResume(new Bitfield(_sample.Torrent.PieceCount));
            killed.Write(0, 3, [new byte[] { 9, 9 }]);
        }

        using (DataStore other = await BeginAsync(_sample.Only(2)))
            other.SaveResume(new Bitfield(_sample.Torrent.PieceCount));
        // It would refuse data of others.
        Assert.Null(await Record.ExceptionAsync(async () => (await BeginAsync()).Dispose()));
    }

    [Fact]
    public async Task A_file_that_replaced_one_of_an_earlier_run_belongs_to_the_user()
    {
        using (DataStore earlier = await BeginAsync())
            earlier.SaveResume(new Bitfield(_sample.Torrent.PieceCount));
        Lay("a", [.. Enumerable.Repeat((byte)'x', 70)]);
        Assert.Equal(TorrentErrorId.FileExists, (await Assert.ThrowsAsync<TorrentException>(() => BeginAsync())).ErrorId);
    }

    [Fact]
    public async Task When_overwriting_is_allowed_a_longer_file_is_truncated_by_the_first_data()
    {
        byte[] mine = [.. Enumerable.Repeat((byte)'x', 1000)];
        Lay("a", mine);
        Lay("empty", mine);
        using DataStore store = await BeginAsync(overwrite: true);
        Assert.Equal(mine, SharedFile.ReadAllBytes(_folder["T/a"]));
        store.SaveResume(new Bitfield(_sample.Torrent.PieceCount));
        using (DataStore next = await BeginAsync()) // it was allowed once, so it continues
            Assert.Equal(mine, SharedFile.ReadAllBytes(_folder["T/a"]));
        _sample.WriteAll(store);
        Assert.Equal(_sample.File(0), SharedFile.ReadAllBytes(_folder["T/a"]));
        Assert.Equal(mine, SharedFile.ReadAllBytes(_folder["T/empty"]));
        store.FlushAll();
        Assert.Empty(SharedFile.ReadAllBytes(_folder["T/empty"]));
    }

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task Version_2_is_no_different(TorrentVersion version)
    {
        Sample sample = Sample.BuildV2(version, 16384, 1, ("a", 40_000), ("b", 100));
        Directory.CreateDirectory(_folder["T"]);
        File.WriteAllBytes(_folder["T/b"], [.. Enumerable.Repeat((byte)'x', 100)]);
        sample.Lay(_folder.Path, 0);
        Assert.Equal(TorrentErrorId.FileExists, (await Assert.ThrowsAsync<TorrentException>(() => BeginAsync(of: sample))).ErrorId);
        sample.Lay(_folder.Path, [.. sample.Torrent.Files.Where(file => file.Path == "T/b").Select(file => file.Index)]);
        (await BeginAsync(of: sample)).Dispose();
    }

    [Fact]
    public async Task A_file_with_several_hard_links_is_copied_before_it_is_written()
    {
        byte[] partly = _sample.File(0).ToArray();
        partly.AsSpan(16).Clear();
        Lay("a", partly);
        Link("T/a", "backup");
        using DataStore store = await BeginAsync();
        Assert.Equal(partly, SharedFile.ReadAllBytes(_folder["T/a"]));
        _sample.WriteAll(store);
        Assert.Equal(_sample.File(0), SharedFile.ReadAllBytes(_folder["T/a"]));
        Assert.Equal(partly, SharedFile.ReadAllBytes(_folder["backup"]));
    }

    [Fact]
    public async Task A_file_created_meanwhile_is_noticed_on_opening()
    {
        using DataStore store = await BeginAsync();
        Link("T/a", "backup");
        _sample.WriteAll(store);
        Assert.Equal(_sample.File(0), SharedFile.ReadAllBytes(_folder["T/a"]));
        Assert.Equal(new byte[64], SharedFile.ReadAllBytes(_folder["backup"]));
    }

    [Fact]
    public async Task A_complete_file_keeps_its_other_hard_links()
    {
        _sample.Lay(_folder.Path, 0, 1, 2, 3);
        Link("T/a", "backup");
        using DataStore store = await BeginAsync();
        Assert.Equal(2, FileStatus.At(_folder["T/a"]).Links);
        store.FlushAll();
    }

    private void Lay(string name, byte[] content)
    {
        Directory.CreateDirectory(_folder["T"]);
        File.WriteAllBytes(_folder[$"T/{name}"], content);
    }

    private void Link(string from, string to)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "ln is needed.");
        using Process ln = Process.Start("ln", [_folder[from], _folder[to]]);
        ln.WaitForExit();
        Assert.Equal(0, ln.ExitCode);
    }

    /// <summary>The steps of a download before its first peer.</summary>
    private async Task<DataStore> BeginAsync(bool[]? wanted = null, bool overwrite = false, Sample? of = null)
    {
        Sample sample = of ?? _sample;
        DataStore store = new(sample.Torrent, _folder.Path, wanted ?? sample.All);
        try
        {
            ResumeData? resume = store.LoadResume();
            Bitfield have = resume?.Have ?? new Bitfield(sample.Torrent.PieceCount);
            store.Survey();
            Bitfield found = await store.VerifyAsync(piece => resume?.Suspect[piece] != false, null, Token);
            for (int piece = 0; piece < found.Length; piece++)
            {
                if (found[piece])
                    have.Add(piece);
            }

            if (!overwrite)
                store.CheckOwners(have, Token);
            store.Prepare(have);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }
}
