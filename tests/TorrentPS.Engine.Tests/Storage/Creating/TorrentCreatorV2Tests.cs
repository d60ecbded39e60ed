using System.Text;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Engine.Tests.Storage.Creating;

/// <summary>Version 2 and hybrid torrents (BEP 52), created, parsed again and compared with their files.</summary>
public sealed class TorrentCreatorV2Tests : IDisposable
{
    private const int PieceLength = 32768;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task A_created_torrent_can_be_read_and_matches_the_files(TorrentVersion version)
    {
        Torrent torrent = await MakeAsync(version, ("a/z", 100), ("a.b", 3 * PieceLength + 1), ("empty", 0), ("same", PieceLength), ("twin", PieceLength), ("z", 70_000));

        Assert.Equal(version, torrent.Version);
        Assert.Equal(["T/a/z", "T/a.b", "T/empty", "T/same", "T/twin", "T/z"], torrent.Files.Where(file => !file.IsPadding).Select(file => file.Path));
        Assert.Equal(10, torrent.PieceCount);
        Assert.All(torrent.Files, file => Assert.True(file.Length == 0 || file.IsPadding || file.Offset % PieceLength == 0));
        using (DataStore store = Open(torrent))
        {
            Assert.True(store.Layers!.IsComplete);
            Assert.True((await store.VerifyAsync(_ => true, null, Token)).IsFull);
        }

        // One wrong byte makes one piece wrong.
        using (FileStream file = File.OpenWrite(_folder["T/a.b"]))
        {
            file.Seek(PieceLength + 5, SeekOrigin.Begin);
            file.WriteByte((byte)(Content("a.b", 3 * PieceLength + 1)[PieceLength + 5] ^ 1));
        }

        using DataStore damaged = Open(torrent);
        Bitfield good = await damaged.VerifyAsync(_ => true, null, Token);
        Assert.Equal(9, good.Count);
        Assert.False(good[2]);
    }

    [Theory]
    [InlineData(TorrentVersion.V2, 1)]
    [InlineData(TorrentVersion.V2, 40_000)]
    [InlineData(TorrentVersion.Hybrid, 1)]
    [InlineData(TorrentVersion.Hybrid, 200_000)]
    public async Task A_file_makes_a_torrent_of_one_file_without_padding(TorrentVersion version, int length)
    {
        await File.WriteAllBytesAsync(_folder["one.bin"], Content("one", length), Token);
        Torrent torrent = Torrent.Parse(await TorrentCreator.CreateAsync(_folder["one.bin"], new() { PieceLength = PieceLength, Version = version }, null, Token));
        Assert.True(torrent.IsSingleFile);
        Assert.Equal("one.bin", Assert.Single(torrent.Files).Path);
        using DataStore store = Open(torrent);
        Assert.True((await store.VerifyAsync(_ => true, null, Token)).IsFull);
    }

    [Fact]
    public async Task A_folder_with_one_file_cannot_be_told_from_that_file_in_a_file_tree()
    {
        // BEP 52 cannot tell them apart ("file tree"), so a reader looks for the file in the folder that the torrent names.
        Directory.CreateDirectory(_folder["T"]);
        await File.WriteAllBytesAsync(_folder["T/a"], Content("a", 100), Token);
        TorrentDraft draft = TorrentDraft.Collect([_folder["T"]], new() { Version = TorrentVersion.V2 }, Token);
        Torrent torrent = Torrent.Parse(await draft.CreateAsync(null, Token));
        Assert.Equal("a", Assert.Single(torrent.Files).Path);
        Assert.Equal(_folder["T"], draft.DataFolder);
        using DataStore store = new(torrent, draft.DataFolder, [true], readOnly: true);
        Assert.True((await store.VerifyAsync(_ => true, null, Token)).IsFull);
    }

    [Fact]
    public async Task The_last_piece_of_each_file_ends_with_it()
    {
        Torrent v2 = await MakeAsync(TorrentVersion.V2, ("a", 100), ("b", PieceLength + 1), ("c", 5));
        Assert.Equal([100, PieceLength, 1, 5], Enumerable.Range(0, 4).Select(v2.LengthOfPiece));
        Assert.Equal([100, PieceLength, 1, 5], Enumerable.Range(0, 4).Select(v2.DataLengthOfPiece));
        Torrent hybrid = await MakeAsync(TorrentVersion.Hybrid, ("a", 100), ("b", PieceLength + 1), ("c", 5));
        Assert.Equal([PieceLength, PieceLength, PieceLength, PieceLength], Enumerable.Range(0, 4).Select(hybrid.LengthOfPiece));
        Assert.Equal([100, PieceLength, 1, 5], Enumerable.Range(0, 4).Select(hybrid.DataLengthOfPiece));
    }

    [Fact]
    public async Task Hashes_that_do_not_make_the_root_are_refused()
    {
        byte[] bytes = await BytesAsync(TorrentVersion.V2, ("a", 3 * PieceLength), ("b", 1));
        int layers = Encoding.Latin1.GetString(bytes).IndexOf("12:piece layers", StringComparison.Ordinal);
        bytes[layers + 60] ^= 1;
        TorrentException e = Assert.Throws<TorrentException>(() => Torrent.Parse(bytes));
        Assert.Equal(TorrentErrorId.InvalidTorrent, e.ErrorId);
        Assert.Contains("'piece layers' has hashes for 'T/a' that do not make its 'pieces root'", e.Message);
    }

    [Fact]
    public async Task Without_its_hashes_a_whole_file_can_be_verified_and_part_of_one_cannot()
    {
        Torrent torrent = Torrent.ParseInfo((await MakeAsync(TorrentVersion.V2, ("a", 3 * PieceLength), ("b", 10), ("c", 2 * PieceLength))).InfoBytes);
        using (FileStream file = File.OpenWrite(_folder["T/c"]))
            file.WriteByte((byte)(Content("c", 1)[0] ^ 1));
        using DataStore store = Open(torrent);
        Assert.False(store.Layers!.IsComplete);
        Bitfield good = await store.VerifyAsync(_ => true, null, Token);
        Assert.Equal([true, true, true, true, false, false], Enumerable.Range(0, 6).Select(piece => good[piece]));
        Assert.True(store.Layers.IsKnown(0));
        Assert.False(store.Layers.IsKnown(5));
    }

    [Fact]
    public async Task A_hybrid_whose_two_kinds_of_hashes_contradict_each_other_is_refused()
    {
        Torrent right = await MakeAsync(TorrentVersion.Hybrid, ("a", 3 * PieceLength));
        // The v1 hashes are of data with another byte.
        byte[] other = Content("a", 3 * PieceLength);
        other[1] ^= 1;
        await File.WriteAllBytesAsync(_folder["T/a"], other, Token);
        byte[] v1 = (await MakeV1Async()).PieceHashes.ToArray();
        TorrentBuilder builder = new("T", PieceLength, TorrentVersion.Hybrid) { PieceHashes = v1, PieceRoots = right.FileLayers![0] };
        builder.AddFile("a", 3 * PieceLength);
        Torrent torrent = Torrent.Parse(builder.Build());
        using DataStore store = Open(torrent);
        TorrentException e = await Assert.ThrowsAsync<TorrentException>(() => store.VerifyAsync(_ => true, null, Token));
        Assert.Equal(TorrentErrorId.InvalidTorrent, e.ErrorId);

        // Without piece hashes, this shows only when the whole file is present.
        using DataStore unknown = Open(Torrent.ParseInfo(torrent.InfoBytes));
        e = await Assert.ThrowsAsync<TorrentException>(() => unknown.VerifyAsync(_ => true, null, Token));
        Assert.Equal(TorrentErrorId.InvalidTorrent, e.ErrorId);
    }

    [Fact]
    public void Files_out_of_tree_order_are_refused()
    {
        TorrentBuilder builder = new("T", PieceLength, TorrentVersion.V2);
        builder.AddFile("a.b", 1);
        Assert.Throws<ArgumentException>(() => builder.AddFile("a/z", 1));
        Assert.Throws<ArgumentException>(() => builder.AddFile("a.b", 1));
        Assert.Throws<ArgumentException>(() => new TorrentBuilder("T", 20_000, TorrentVersion.Hybrid));
    }

    private static byte[] Content(string name, int length)
    {
        byte[] content = new byte[length];
        new Random(name is "twin" ? 4 : name.Length == 0 ? 0 : name[0]).NextBytes(content);
        return content;
    }

    private async Task<byte[]> BytesAsync(TorrentVersion version, params (string Path, int Length)[] files)
    {
        if (Directory.Exists(_folder["T"]))
            Directory.Delete(_folder["T"], recursive: true);
        foreach ((string path, int length) in files)
        {
            string full = _folder[$"T/{path}"];
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await File.WriteAllBytesAsync(full, path == "same" ? Content("twin", length) : Content(path, length), Token);
        }

        return await TorrentCreator.CreateAsync(_folder["T"], new() { PieceLength = PieceLength, Version = version }, null, Token);
    }

    private async Task<Torrent> MakeAsync(TorrentVersion version, params (string Path, int Length)[] files) => Torrent.Parse(await BytesAsync(version, files));

    private async Task<Torrent> MakeV1Async() => Torrent.Parse(await TorrentCreator.CreateAsync(_folder["T"], new() { PieceLength = PieceLength }, null, Token));

    private DataStore Open(Torrent torrent)
    {
        bool[] all = new bool[torrent.Files.Count];
        Array.Fill(all, true);
        return new DataStore(torrent, _folder.Path, all, readOnly: true);
    }
}
