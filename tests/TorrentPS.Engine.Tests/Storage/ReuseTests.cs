using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Data of other files that the torrent shares (BEP 38).</summary>
public sealed class ReuseTests : IDisposable
{
    private const int PieceLength = 32768;

    private readonly TemporaryFolder _donors = new(), _target = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _donors.Dispose();
        _target.Dispose();
    }

    private string Lay(string path, ReadOnlySpan<byte> bytes)
    {
        string full = _donors[path];
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, bytes);
        return full;
    }

    private async Task<(Bitfield Have, long Bytes)> ReuseAsync(Sample sample, bool[]? wanted = null, params string[] roots)
    {
        Dictionary<string, byte[]> before = Directory.GetFiles(_donors.Path, "*", SearchOption.AllDirectories).ToDictionary(path => path, SharedFile.ReadAllBytes);
        using DataStore store = new(sample.Torrent, _target.Path, wanted ?? sample.All);
        store.Prepare();
        Bitfield have = new(sample.Torrent.PieceCount);
        long bytes = await store.ReuseAsync(have, roots.Length > 0 ? roots : [_donors.Path], null, Token);
        foreach ((string path, byte[] content) in before)
            Assert.Equal(content, SharedFile.ReadAllBytes(path)); // never altered
        byte[] piece = new byte[sample.Torrent.PieceLength];
        for (int i = 0; i < have.Length; i++)
        {
            Span<byte> data = piece.AsSpan(0, sample.Torrent.LengthOfPiece(i));
            if (have[i])
                Assert.True(store.TryRead(i, 0, data) && sample.Piece(i).Span[..data.Length].SequenceEqual(data), $"piece {i}");
        }

        return (have, bytes);
    }

    private static int[] Pieces(Bitfield have) => [.. Enumerable.Range(0, have.Length).Where(piece => have[piece])];

    [Fact]
    public async Task Aligned_files_of_another_version_are_copied_whatever_their_names()
    {
        Sample sample = Sample.Make(PieceLength, 1, ("a", 4 * PieceLength), ("b", 3 * PieceLength), ("c", 2 * PieceLength));
        Lay("v1/a", sample.File(0));
        Lay("v1/was-called-otherwise", sample.File(2));
        Lay("v1/b", new byte[3 * PieceLength]); // changed altogether
        (Bitfield have, long bytes) = await ReuseAsync(sample);
        Assert.Equal([0, 1, 2, 3, 7, 8], Pieces(have));
        Assert.Equal(6L * PieceLength, bytes);
    }

    [Fact]
    public async Task Pieces_of_files_that_do_not_begin_with_one_are_assembled()
    {
        Sample sample = Sample.Make(PieceLength, 2, ("a", 50_000), ("b", 70_001), ("c", 90_000));
        Lay("old/T/a", sample.File(0));
        Lay("old/T/b", sample.File(1));
        (Bitfield have, long bytes) = await ReuseAsync(sample);
        Assert.Equal([0, 1, 2], Pieces(have)); // the fourth piece includes a part of the missing file
        Assert.Equal(3L * PieceLength, bytes);
        Lay("old/T/c", sample.File(2));
        (have, bytes) = await ReuseAsync(sample);
        Assert.True(have.IsFull);
        Assert.Equal(sample.Torrent.Length, bytes);
    }

    [Fact]
    public async Task The_unchanged_parts_of_a_changed_file_are_copied()
    {
        Sample sample = Sample.Make(PieceLength, 3, ("image.vhdx", 40 * PieceLength + 5));
        byte[] old = [.. sample.Content];
        old[3 * PieceLength + 7] ^= 1;
        old[30 * PieceLength] ^= 1;
        string path = Lay("image.vhdx", old);
        (Bitfield have, _) = await ReuseAsync(sample, null, path);
        Assert.Equal(Enumerable.Range(0, 41).Except([3, 30]), Pieces(have));
    }

    [Theory]
    [InlineData(5 * PieceLength, 0, 35)] // data was appended since
    [InlineData(-5 * PieceLength, 0, 40)] // truncated
    [InlineData(0, 3 * PieceLength, 38)] // inserted at the beginning
    public async Task The_common_beginning_or_end_of_another_version_is_copied(int appended, int inserted, int expected)
    {
        Sample sample = Sample.Make(PieceLength, 4, ("image.vhdx", 40 * PieceLength + 100));
        byte[] old = appended >= 0 ? [.. sample.Content[inserted..^Math.Max(appended, 0)]] : [.. sample.Content, .. new byte[-appended]];
        string path = Lay("image of last year.vhdx", old); // named after a torrent of one file
        (Bitfield have, _) = await ReuseAsync(sample, null, path);
        Assert.InRange(have.Count, expected, 41);
    }

    [Theory]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public async Task Files_of_version_2_are_verified_by_their_trees(TorrentVersion version)
    {
        Sample sample = Sample.BuildV2(version, PieceLength, 5, ("a", 4 * PieceLength + 10), ("b/c", 100), ("d", 2 * PieceLength));
        Lay("old/a", sample.File(0));
        Lay("old/c", sample.File(sample.Torrent.Files.Single(file => file.Path.EndsWith("b/c", StringComparison.Ordinal)).Index));
        byte[] changed = sample.File(sample.Torrent.Files.Single(file => file.Path.EndsWith("/d", StringComparison.Ordinal)).Index).ToArray();
        changed[^1] ^= 1;
        Lay("old/d", changed);
        (Bitfield have, _) = await ReuseAsync(sample);
        Assert.Equal(Enumerable.Range(0, 7), Pieces(have)); // all but the last of the changed file
        Assert.Equal(8, sample.Torrent.PieceCount);
    }

    [Fact]
    public async Task The_likeliest_of_many_files_is_tried_and_at_most_three()
    {
        Sample sample = Sample.Make(PieceLength, 6, ("dir/data", 4 * PieceLength), ("dir/other", PieceLength));
        for (int i = 0; i < 20; i++)
            Lay($"{i}/data", new byte[4 * PieceLength]); // of the same name and length
        Lay("x/dir/data", sample.File(0));
        (Bitfield have, _) = await ReuseAsync(sample);
        Assert.Equal([0, 1, 2, 3], Pieces(have));
        DonorSearch search = new(sample.Torrent, []);
        search.Look(_donors.Path);
        Assert.Equal(DonorSearch.MaxDonors, search.Of(0).Count);
        Assert.EndsWith("data", search.Of(0)[0].Path, StringComparison.Ordinal);
        Assert.Contains(Path.Join("x", "dir"), search.Of(0)[0].Path, StringComparison.Ordinal);
        Assert.Empty(search.Of(1));
    }

    [Fact]
    public async Task An_unwanted_file_is_not_created()
    {
        Sample sample = Sample.Make(PieceLength, 7, ("a", 2 * PieceLength), ("b", 2 * PieceLength));
        Lay("a", sample.File(0));
        Lay("b", sample.File(1));
        (Bitfield have, long bytes) = await ReuseAsync(sample, [true, false]);
        Assert.Equal([0, 1], Pieces(have));
        Assert.Equal(2L * PieceLength, bytes);
        Assert.False(File.Exists(_target["T/b"]));
    }

    [Fact]
    public async Task The_torrents_own_files_and_links_are_no_donors()
    {
        Sample sample = Sample.Make(PieceLength, 8, ("a", 2 * PieceLength));
        using TemporaryFolder elsewhere = new();
        File.WriteAllBytes(elsewhere["a"], sample.Content);
        Assert.SkipUnless(TryLink(_donors["link"], elsewhere.Path), "This user may not make links.");
        (Bitfield have, _) = await ReuseAsync(sample, null, _donors.Path, _target.Path, _donors["not there"]);
        Assert.True(have.IsEmpty);
    }

    private static bool TryLink(string path, string target)
    {
        try
        {
            Directory.CreateSymbolicLink(path, target);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
