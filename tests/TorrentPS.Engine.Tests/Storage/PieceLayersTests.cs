using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>The piece hashes of a version 2 torrent, as they become known: from the torrent, from peers in runs of 512, or from the data itself.</summary>
public sealed class PieceLayersTests
{
    private const int PieceLength = 16384;

    // 515 pieces, so two runs of hashes; one piece; three pieces.
    private static readonly Sample s_sample = Sample.BuildV2(TorrentVersion.Hybrid, PieceLength, 1, ("a", 515 * PieceLength - 7), ("b", 100), ("c", 3 * PieceLength));

    private readonly PieceLayers _known = new(s_sample.Torrent), _layers = new(s_sample.InfoOnly());

    private static int FileOf(string name) => s_sample.Torrent.Files.Single(file => file.Path == $"T/{name}").Index;

    private ReadOnlyMemory<byte> LayerOf(string name)
    {
        Assert.True(_known.TryGetLayer(FileOf(name), out ReadOnlyMemory<byte> layer));
        return layer;
    }

    private byte[] RootOf(int piece)
    {
        Assert.True(_known.TryGet(piece, out ReadOnlySpan<byte> root));
        return root.ToArray();
    }

    [Fact]
    public void A_torrent_with_layers_has_all_hashes_and_one_from_a_link_those_of_files_with_one_piece()
    {
        Assert.True(_known.IsComplete);
        Assert.All(Enumerable.Range(0, s_sample.Torrent.PieceCount), piece => Assert.True(_known.IsKnown(piece)));
        Assert.False(_layers.IsComplete);
        Assert.Equal([515], Enumerable.Range(0, s_sample.Torrent.PieceCount).Where(_layers.IsKnown));
        Assert.Equal(RootOf(515), s_sample.Torrent.PieceRoots![FileOf("b")].ToArray());
        Assert.False(_layers.TryGetLayer(FileOf("a"), out _));
        Assert.False(_layers.TryGet(0, out ReadOnlySpan<byte> none));
        Assert.True(none.IsEmpty);
        Assert.Null(PieceLayers.Of(Sample.Make(PieceLength, 1, ("a", 5)).Torrent));
    }

    [Fact]
    public void Pieces_and_heights_are_those_of_BEP_52()
    {
        int a = FileOf("a"), b = FileOf("b"), c = FileOf("c");
        Assert.Equal((515, 1, 3), (_known.PiecesIn(a), _known.PiecesIn(b), _known.PiecesIn(c)));
        Assert.Equal((0, 515, 516), (_known.FirstPieceOf(a), _known.FirstPieceOf(b), _known.FirstPieceOf(c)));
        Assert.Equal((a, a, b, c), (_known.FileOf(0), _known.FileOf(514), _known.FileOf(515), _known.FileOf(516)));
        Assert.Equal((10, 0, 2), (_known.HeightOfFile(a), _known.HeightOfFile(b), _known.HeightOfFile(c)));
        Assert.Equal((0, 0), (_known.HeightOf(0), _known.HeightOf(515)));
    }

    [Fact]
    public void Hashes_are_accepted_in_runs_and_the_file_is_known_with_the_last()
    {
        int a = FileOf("a"), c = FileOf("c");
        ReadOnlySpan<byte> layer = LayerOf("a").Span;
        Assert.False(_layers.IsChunkKnown(a, 0));
        // Hashes from peers continue past the end of the file: zeros of the tree.
        _layers.Add(a, 1, [.. layer[(512 * 32)..], .. new byte[100 * 32]]);
        Assert.Equal((false, true), (_layers.IsChunkKnown(a, 0), _layers.IsChunkKnown(a, 1)));
        Assert.Equal((false, true, true), (_layers.IsKnown(511), _layers.IsKnown(512), _layers.IsKnown(514)));
        Assert.False(_layers.TryGetLayer(a, out _));
        _layers.Add(a, 0, layer[..(512 * 32)]);
        Assert.True(_layers.TryGetLayer(a, out ReadOnlyMemory<byte> whole));
        Assert.Equal(layer, whole.Span);
        Assert.False(_layers.IsComplete);
        _layers.Add(a, 0, new byte[512 * 32]); // known hashes never change
        Assert.Equal(RootOf(0), Root(_layers, 0));
        _layers.Add(c, 0, LayerOf("c").Span);
        Assert.True(_layers.IsComplete);
        Assert.True(_layers.IsChunkKnown(FileOf("b"), 0));
        Assert.Equal(_known.ToBytes(), _layers.ToBytes());
    }

    [Fact]
    public void The_data_of_a_complete_file_makes_its_hashes_known()
    {
        int c = FileOf("c");
        for (int i = 0; i < 2; i++)
        {
            Assert.True(_layers.Offer(516 + i, RootOf(516 + i)));
            Assert.True(_layers.Offer(516 + i, RootOf(516 + i))); // the same piece twice counts once
            Assert.False(_layers.IsOwn(516));
        }

        Assert.False(_layers.TryGetLayer(c, out _));
        Assert.True(_layers.Offer(518, RootOf(518)));
        Assert.True(_layers.IsOwn(516));
        Assert.False(_layers.IsOwn(0));
        Assert.True(_layers.TryGetLayer(c, out ReadOnlyMemory<byte> layer));
        Assert.Equal(LayerOf("c").Span, layer.Span);

        // Then it is the reference for the others.
        Assert.True(_layers.Offer(517, RootOf(517)));
        Assert.False(_layers.Offer(517, RootOf(518)));
        Assert.False(_layers.IsComplete);
    }

    [Fact]
    public void Data_with_another_root_makes_no_hashes_known()
    {
        Assert.True(_layers.Offer(516, RootOf(516)));
        Assert.True(_layers.Offer(517, RootOf(516)));
        Assert.False(_layers.Offer(518, RootOf(518)));
        Assert.False(_layers.IsKnown(516));
        Assert.False(_layers.IsOwn(516));
        Assert.True(_layers.Offer(517, RootOf(517))); // read again, and right
        Assert.True(_layers.IsOwn(516));
    }

    [Fact]
    public void Hashes_from_peers_that_do_not_match_the_data_mean_a_contradictory_torrent()
    {
        Assert.True(_layers.Offer(513, RootOf(512)));
        ReadOnlyMemory<byte> layer = LayerOf("a");
        _layers.Add(FileOf("a"), 0, layer.Span[..(512 * 32)]); // of other pieces
        TorrentException fault = Assert.Throws<TorrentException>(() => _layers.Add(FileOf("a"), 1, layer.Span[(512 * 32)..]));
        Assert.Equal(TorrentErrorId.InvalidTorrent, fault.ErrorId);
        Assert.Contains("(piece 512)", fault.Message, StringComparison.Ordinal);
        Assert.False(_layers.IsKnown(513));
    }

    [Fact]
    public void Learnt_hashes_are_saved_if_they_are_not_too_many()
    {
        Assert.Empty(_known.LearntToBytes(int.MaxValue)); // the torrent has it
        Assert.Empty(_layers.LearntToBytes(int.MaxValue));
        _layers.Add(FileOf("a"), 1, LayerOf("a").Span[(512 * 32)..]);
        Assert.Empty(_layers.LearntToBytes(int.MaxValue)); // only complete files
        _layers.Add(FileOf("c"), 0, LayerOf("c").Span);
        byte[] kept = _layers.LearntToBytes(3 * 32 + 48);
        Assert.NotEmpty(kept);
        Assert.Empty(_layers.LearntToBytes(3 * 32 + 47));

        PieceLayers next = new(s_sample.InfoOnly());
        next.Restore(kept);
        Assert.Equal([515, 516, 517, 518], Enumerable.Range(0, s_sample.Torrent.PieceCount).Where(next.IsKnown));
        next.Restore(_known.ToBytes());
        Assert.True(next.IsComplete);
        Assert.Equal(_known.ToBytes(), next.ToBytes());

        kept[^5] ^= 1;
        PieceLayers bad = new(s_sample.InfoOnly());
        Assert.Throws<TorrentException>(() => bad.Restore(kept));
        Assert.False(bad.IsKnown(516));
    }

    private static byte[] Root(PieceLayers layers, int piece)
    {
        Assert.True(layers.TryGet(piece, out ReadOnlySpan<byte> root));
        return root.ToArray();
    }
}
