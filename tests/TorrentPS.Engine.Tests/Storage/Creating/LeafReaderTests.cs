using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Engine.Tests.Storage.Creating;

/// <summary>The hashes of the blocks of a piece on disk (BEP 52).</summary>
public sealed class LeafReaderTests : IDisposable
{
    private const int PieceLength = 1 << 20;

    private readonly TemporaryFolder _folder = new();
    private readonly DiskQueue _disk = new(1);
    private readonly DiskTally _tally = new();
    private readonly Sample _sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 1, ("a", PieceLength + 300_000), ("b", 10_000));
    private readonly DataStore _store;

    public LeafReaderTests()
    {
        _sample.Lay(_folder.Path, [.. Enumerable.Range(0, _sample.Torrent.Files.Count).Where(file => !_sample.Torrent.Files[file].IsPadding)]);
        _store = new DataStore(_sample.Torrent, _folder.Path, _sample.All, readOnly: true);
    }

    public void Dispose()
    {
        _disk.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0)] // needs several buffers
    [InlineData(1)] // ends within one
    [InlineData(2)] // has one block
    public async Task Leaf_hashes_are_those_of_the_data_and_lead_to_the_root_of_the_piece(int piece)
    {
        HashTree tree = (await ReadAsync(piece))!;
        ReadOnlyMemory<byte> data = _sample.Piece(piece);
        byte[] leaves = new byte[Merkle.BlockCount(data.Length) * Merkle.HashLength];
        Merkle.HashBlocks(data.Span, leaves);
        Assert.Equal(leaves, tree.Layer(0)[..leaves.Length].ToArray());
        Assert.True(_store.Layers!.TryGet(piece, out ReadOnlySpan<byte> root));
        Assert.Equal(root.ToArray(), tree.Root.ToArray());
        Assert.False(_store.TryTakeDoubtful(out _));
    }

    [Theory]
    [InlineData(PieceLength + 200_000)] // the first of two buffers is full
    [InlineData(PieceLength + 280_000)]
    [InlineData(PieceLength)]
    public async Task A_truncated_file_has_no_hashes_and_is_verified_soon(int length)
    {
        using (FileStream file = new(_folder["T/a"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(length);
        Assert.Null(await ReadAsync(1));
        Assert.True(_store.TryTakeDoubtful(out int doubtful));
        Assert.Equal(0, doubtful);
        Assert.NotNull(await ReadAsync(0));
    }

    [Fact]
    public async Task Changed_data_has_no_hashes_and_its_file_is_verified_soon()
    {
        byte[] bytes = File.ReadAllBytes(_folder["T/b"]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(_folder["T/b"], bytes);
        Assert.Null(await ReadAsync(2));
        Assert.True(_store.TryTakeDoubtful(out int doubtful));
        Assert.Equal(_sample.Torrent.Files.Count - 1, doubtful);
    }

    [Fact]
    public async Task A_fault_belongs_to_the_question_and_ends_no_thread()
    {
        _store.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(0));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(0));
    }

    private async Task<HashTree?> ReadAsync(int piece)
    {
        Task<HashTree?> reading = new LeafReader(new StoredPieces(_store), new PieceHashes(_store.Torrent, _store.Layers), _tally, piece).ReadAsync(_disk);
        await Task.WhenAny(reading);
        await Task.Yield(); // off the disk thread, for which the store and the queue wait when they are closed
        await _tally.WhenEmptyAsync();
        return await reading;
    }
}
