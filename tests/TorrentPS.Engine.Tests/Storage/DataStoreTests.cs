using System.Diagnostics;
using System.Globalization;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

public sealed class DataStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Prepare_creates_sparse_files_of_full_length_and_nothing_else()
    {
        Sample sample = Sample.Make(16, 1, ("a/größe.bin", 100), ("空.txt", 0), ("b/c/d", 7), ("skip", 5), (".pad", 3));
        using DataStore store = new(sample.Torrent, _folder.Path, sample.Only(0, 1, 2, 4));
        store.Prepare();
        Assert.Equal(100, new FileInfo(_folder["T/a/größe.bin"]).Length);
        Assert.Equal(0, new FileInfo(_folder["T/空.txt"]).Length);
        Assert.Equal(7, new FileInfo(_folder["T/b/c/d"]).Length);
        Assert.Equal(3, Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories).Length);
        Assert.Equal(_folder["T"], store.DataPath);
    }

    [Fact]
    public void Pre_sizing_takes_no_space()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "du is needed to see the room that a file takes");
        Sample sample = Sample.Make(16, 1, ("f", 1));
        const long Size = 1L << 30;
        Torrent large = new()
        {
            Name = "large",
            InfoHash = sample.Torrent.InfoHash,
            Version = TorrentVersion.V1,
            PieceLength = 1 << 20,
            Length = Size,
            PieceCount = 1024,
            Files = [new TorrentFile("large", Size, 0, 0)],
            IsSingleFile = true,
            InfoBytes = default,
        };
        using DataStore store = new(large, _folder.Path, [true]);
        store.Prepare();
        Assert.Equal(Size, new FileInfo(_folder["large"]).Length);
        using Process du = Process.Start(new ProcessStartInfo("du", ["-k", _folder["large"]]) { RedirectStandardOutput = true })!;
        string kibibytes = du.StandardOutput.ReadToEnd().Split('\t')[0];
        Assert.InRange(int.Parse(kibibytes, CultureInfo.InvariantCulture), 0, 64);
    }

    [Fact]
    public void Prepare_keeps_existing_data()
    {
        Sample sample = Sample.Make(16, 1, ("same", 20), ("short", 20), ("long", 20));
        sample.Lay(_folder.Path, 0, 1, 2);
        File.WriteAllBytes(_folder["T/short"], sample.File(1)[..9].ToArray());
        File.AppendAllText(_folder["T/long"], "more");
        using DataStore store = new(sample.Torrent, _folder.Path, sample.All);
        store.Prepare();
        Assert.Equal(sample.File(0), SharedFile.ReadAllBytes(_folder["T/same"]));
        Assert.Equal([.. sample.File(1)[..9], .. new byte[11]], SharedFile.ReadAllBytes(_folder["T/short"]));
        Assert.Equal([.. sample.File(2), .. "more"u8], SharedFile.ReadAllBytes(_folder["T/long"]));

        // It is truncated when data for it arrives.
        store.Write(3, 0, [sample.Piece(3)]);
        Assert.Equal(sample.File(2), SharedFile.ReadAllBytes(_folder["T/long"]));
    }

    [Fact]
    public void A_folder_in_the_place_of_a_file_is_reported_and_nothing_is_created()
    {
        Sample sample = Sample.Make(16, 1, ("a", 20), ("b", 20));
        Directory.CreateDirectory(_folder["T/b"]);
        using DataStore store = new(sample.Torrent, _folder.Path, sample.All);
        TorrentException e = Assert.Throws<TorrentException>(store.Prepare);
        Assert.Equal(TorrentErrorId.AccessDenied, e.ErrorId);
        Assert.Contains($"'{_folder["T/b"]}' is a folder", e.Message);
        Assert.False(File.Exists(_folder["T/a"]));
    }

    [Theory]
    [InlineData("T")]
    [InlineData("T/sub")]
    public void A_file_in_the_place_of_a_folder_is_named(string file)
    {
        Sample sample = Sample.Make(16, 1, ("sub/a", 20), ("b", 20));
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
        File.WriteAllText(_folder[file], "mine");
        using DataStore store = new(sample.Torrent, _folder.Path, sample.All);
        TorrentException e = Assert.Throws<TorrentException>(store.Prepare);
        Assert.Equal(TorrentErrorId.AccessDenied, e.ErrorId);
        Assert.Contains($"'{_folder[file]}' is a file", e.Message);
        Assert.Equal("mine", File.ReadAllText(_folder[file]));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/x")]
    [InlineData("a//x")]
    [InlineData("a/./x")]
    [InlineData("a/..")]
    [InlineData("x\0")]
    [InlineData(".torrentps/x")]
    [InlineData(".TorrentPS")]
    public void Paths_that_no_torrent_may_have_are_refused_here_too(string path)
    {
        Sample sample = Sample.Make(16, 1, (path, 20));
        TorrentException e = Assert.Throws<TorrentException>(() => new DataStore(sample.Torrent, _folder.Path, [true]));
        Assert.Equal(TorrentErrorId.UnsafePath, e.ErrorId);
    }

    [Fact]
    public void Read_only_creates_nothing_and_refuses_to_write()
    {
        Sample sample = Sample.Make(16, 1, ("a", 20), ("b", 20));
        string destination = _folder["none"];
        using DataStore store = new(sample.Torrent, destination, sample.All, readOnly: true);
        store.Prepare();
        store.SaveResume(new Bitfield(sample.Torrent.PieceCount));
        store.DeleteResume();
        Assert.Throws<InvalidOperationException>(() => store.Write(0, 0, [new byte[1]]));
        Assert.False(store.TryRead(0, 0, new byte[16]));
        Assert.False(Path.Exists(destination));
    }

    [Fact]
    public void A_short_file_reads_as_missing_at_its_end()
    {
        Sample sample = Sample.Make(16, 1, ("a", 40));
        File.WriteAllBytes(_folder["a"], sample.Content[..24]);
        using DataStore store = new(sample.Torrent, _folder.Path, [true], readOnly: true);
        Assert.True(store.TryRead(1, 0, new byte[8]));
        Assert.False(store.TryRead(1, 0, new byte[9]));
        Assert.False(store.TryRead(2, 0, new byte[1]));
    }

    [Fact]
    public void A_piece_of_very_many_blocks_is_written_whole()
    {
        // More buffers than one pwritev takes (IOV_MAX, 1024).
        Sample sample = Sample.Make(5000, 1, ("a", 4000), ("b", 6000));
        using DataStore store = new(sample.Torrent, _folder.Path, sample.All);
        store.Prepare();
        for (int piece = 0; piece < 2; piece++)
            store.Write(piece, 0, [.. sample.Piece(piece).ToArray().Select(value => (ReadOnlyMemory<byte>)new[] { value })]);
        Assert.Equal(sample.File(0), SharedFile.ReadAllBytes(_folder["T/a"]));
        Assert.Equal(sample.File(1), SharedFile.ReadAllBytes(_folder["T/b"]));
    }

    [Fact]
    public void Ranges_beyond_a_piece_are_refused()
    {
        Sample sample = Sample.Make(16, 1, ("a", 20));
        using DataStore store = new(sample.Torrent, _folder.Path, [true]);
        store.Prepare();
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Write(0, 1, [new byte[16]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Write(1, 0, [new byte[5]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Write(2, 0, [new byte[1]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.TryRead(0, -1, new byte[1]));
    }

    [Fact]
    public void A_vanished_file_is_an_error_and_not_created_again()
    {
        Sample sample = Sample.Make(16, 1, ("a", 20));
        using DataStore store = new(sample.Torrent, _folder.Path, [true]);
        store.Prepare();
        File.Delete(_folder["a"]);
        TorrentException e = Assert.Throws<TorrentException>(() => store.Write(0, 0, [new byte[16]]));
        Assert.Equal(TorrentErrorId.DataMismatch, e.ErrorId);
        Assert.Contains(_folder["a"], e.Message);
        Assert.False(File.Exists(_folder["a"]));
    }

    [Fact]
    public async Task Many_files_are_written_and_read_from_many_threads_with_few_open()
    {
        (string, int)[] files = [.. Enumerable.Range(0, 500).Select(i => ($"f{i:d3}", i % 50))];
        Sample sample = Sample.Make(64, 1, files);
        using DataStore store = new(sample.Torrent, _folder.Path, sample.All);
        store.Prepare();
        await Parallel.ForAsync(0, sample.Torrent.PieceCount, (piece, _) =>
        {
            store.Write(piece, 0, [sample.Piece(piece)]);
            byte[] read = new byte[sample.Torrent.LengthOfPiece(piece)];
            Assert.True(store.TryRead(piece, 0, read));
            Assert.Equal(sample.Piece(piece).Span, read);
            return ValueTask.CompletedTask;
        });
        store.Flush();
        for (int i = 0; i < files.Length; i++)
            Assert.Equal(sample.File(i), SharedFile.ReadAllBytes(_folder[sample.Torrent.Files[i].Path]));
    }

    [Fact]
    public void Bytes_of_unwanted_files_go_to_the_parts_file()
    {
        Sample sample = Sample.Make(16, 1, ("a", 20), ("b", 100), ("c", 20));
        using DataStore store = new(sample.Torrent, _folder.Path, sample.Only(0, 2));
        store.Prepare();
        sample.WriteAll(store);
        byte[] read = new byte[16];
        Assert.True(store.TryRead(1, 0, read));
        Assert.Equal(sample.Piece(1).Span, read);
        Assert.True(store.TryRead(7, 0, read));
        Assert.Equal(sample.Piece(7).Span, read);
        Assert.False(File.Exists(_folder["T/b"]));
        Assert.True(File.Exists(Path.Join(store.ControlPath, $"{sample.Torrent.InfoHash}.parts")));
        Assert.Throws<InvalidOperationException>(() => store.Write(3, 0, [sample.Piece(3)]));
        store.DeleteResume();
        Assert.False(Path.Exists(store.ControlPath));
    }
}
