using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Records;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Piece hashes received from peers (BEP 52), saved with the resume data.</summary>
public sealed class ResumeLayersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sample _sample = Sample.BuildV2(TorrentVersion.V2, 16384, 1, ("a", 700 * 16384 + 5), ("b", 3 * 16384), ("c", 100));
    private readonly Torrent _torrent;

    public ResumeLayersTests() => _torrent = _sample.InfoOnly();

    private string ResumePath => Path.Join(_folder.Path, ".torrentps", $"{_torrent.InfoHash}.resume");

    private Bitfield None => new(_torrent.PieceCount);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Hashes_from_peers_are_restored()
    {
        Save();
        using DataStore store = Open(_torrent);
        Assert.False(store.Layers!.IsComplete);
        Assert.NotNull(store.LoadResume());
        Assert.True(store.Layers.IsComplete);
        for (int piece = 0; piece < _torrent.PieceCount; piece++)
        {
            Assert.True(store.Layers.TryGet(piece, out ReadOnlySpan<byte> root) && Known().TryGet(piece, out ReadOnlySpan<byte> right) && root.SequenceEqual(right));
            Assert.False(store.Layers.IsOwn(piece)); // not confirmed by data
        }
    }

    [Fact]
    public void After_a_recheck_they_are_there_too()
    {
        Save();
        using DataStore store = Open(_torrent);
        store.RestoreLayers();
        Assert.True(store.Layers!.IsComplete);
    }

    [Fact]
    public void A_file_whose_hashes_are_incomplete_is_not_saved()
    {
        using (DataStore store = Open(_torrent))
        {
            store.Prepare();
            store.Layers!.Add(0, 1, Layer(0).Span[(PieceLayers.ChunkLength * Merkle.HashLength)..]);
            store.Layers.Add(1, 0, Layer(1).Span);
            store.SaveResume(None);
        }

        using DataStore again = Open(_torrent);
        Assert.NotNull(again.LoadResume());
        Assert.False(again.Layers!.IsKnown(512));
        Assert.True(again.Layers.IsKnown(701));
    }

    [Fact]
    public void Layers_in_the_torrent_are_not_saved_again()
    {
        using DataStore store = Open(_sample.Torrent);
        store.Prepare();
        store.SaveResume(None);
        Assert.True(Read().Layers.IsEmpty);
    }

    [Theory]
    [InlineData("another root")]
    [InlineData("a wrong hash")]
    [InlineData("too few")]
    [InlineData("a number")]
    [InlineData("a list")]
    [InlineData("an open end")]
    [InlineData("no bencode")]
    public void Any_other_failure_is_retried_and_costs_nothing_else(string what)
    {
        Save();
        ResumeRecord record = Read();
        byte[] layers = record.Layers.ToArray(), root = _torrent.PieceRoots![1].ToArray();
        layers = what switch
        {
            "another root" => PieceLayerWriter.Write([(new byte[32], Layer(1))]),
            "a wrong hash" => PieceLayerWriter.Write([(root, new byte[96])]),
            "too few" => PieceLayerWriter.Write([(root, Layer(1)[..64])]),
            "a number" => [.. "d32:"u8, .. root, .. "i5ee"u8],
            "a list" => [.. "d32:"u8, .. root, .. "li5eee"u8],
            "an open end" => layers[..^40],
            _ => "????"u8.ToArray(),
        };
        File.WriteAllBytes(ResumePath, (record with { Layers = layers }).Encode(_torrent.InfoHash));
        using DataStore store = Open(_torrent);
        Assert.Equal([3], Indices(store.LoadResume()!.Have));
        Assert.False(store.Layers!.IsKnown(0));
        Assert.False(store.Layers.IsKnown(701));
    }

    [Fact]
    public void A_file_has_a_maximum_length()
    {
        Save();
        Assert.InRange(new FileInfo(ResumePath).Length, 703 * 32, ResumeRecord.MaxLength(_torrent));
        Assert.True(ResumeRecord.MaxLength(_torrent) < 40_000);
        Sample old = Sample.Build(16384, 1, null, ("a", 700 * 16384));
        Assert.True(ResumeRecord.MaxLength(old.Torrent) < 5000);
        File.WriteAllBytes(ResumePath, new byte[ResumeRecord.MaxLength(_torrent) + 1]);
        using DataStore store = Open(_torrent);
        Assert.Null(store.LoadResume());
    }

    [Fact]
    public void Data_beyond_a_limit_is_not_kept()
    {
        PieceLayers layers = new(_torrent);
        layers.Add(0, 0, Layer(0).Span);
        layers.Add(0, 1, Layer(0).Span[(PieceLayers.ChunkLength * Merkle.HashLength)..]);
        Assert.Empty(layers.LearntToBytes(701 * 32));
        Assert.Equal(PieceLayerWriter.Write([(_torrent.PieceRoots![0], Layer(0))]), layers.LearntToBytes(702 * 32 + 16));
    }

    private DataStore Open(Torrent torrent) => new(torrent, _folder.Path, _sample.All);

    private void Save()
    {
        using DataStore store = Open(_torrent);
        store.Prepare();
        store.Layers!.Add(0, 0, Layer(0).Span);
        store.Layers.Add(0, 1, Layer(0).Span[(PieceLayers.ChunkLength * Merkle.HashLength)..]);
        store.Layers.Add(1, 0, Layer(1).Span);
        Bitfield have = None;
        have.Add(3);
        store.SaveResume(have);
    }

    private ReadOnlyMemory<byte> Layer(int file) => _sample.Torrent.FileLayers![file];

    private PieceLayers Known() => new(_sample.Torrent);

    private ResumeRecord Read() => ResumeRecord.Decode(SharedFile.ReadAllBytes(ResumePath), _torrent)!;

    private static int[] Indices(Bitfield pieces) => [.. Enumerable.Range(0, pieces.Length).Where(piece => pieces[piece])];
}
