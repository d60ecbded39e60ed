using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>The ranges of files that make up a piece, and the places of bytes that belong to no wanted file.</summary>
public sealed class FileLayoutTests
{
    // a: 0 to 19, b: 20 to 23, empty, pad: 24 to 31, c: 32 to 79, d: 80 to 89; pieces of 16.
    private static readonly Sample s_sample = Sample.Make(16, 1, ("a", 20), ("b", 4), ("empty", 0), ("pad", 8), ("c", 48), ("d", 10));

    private static FileLayout Layout(params int[] wanted) => new(s_sample.Torrent, s_sample.Only(wanted));

    private static List<(int File, long Offset, int Length)> Segments(int piece, int begin, int length)
    {
        List<(int, long, int)> segments = [];
        foreach (FileSegment segment in Layout().Segments(piece, begin, length))
            segments.Add((segment.File, segment.Offset, segment.Length));
        return segments;
    }

    [Fact]
    public void A_piece_consists_of_ranges_of_files_except_empty_ones()
    {
        Assert.Equal([(0, 0, 16)], Segments(0, 0, 16));
        Assert.Equal([(0, 16, 4), (1, 0, 4), (3, 0, 8)], Segments(1, 0, 16));
        Assert.Equal([(1, 1, 3), (3, 0, 2)], Segments(1, 5, 5));
        Assert.Equal([(3, 0, 1)], Segments(1, 8, 1));
        Assert.Equal([(4, 0, 16)], Segments(2, 0, 16));
        Assert.Equal([(5, 0, 10)], Segments(5, 0, 10));
        Assert.Empty(Segments(5, 3, 0));
    }

    [Fact]
    public void A_file_has_the_pieces_that_it_overlaps()
    {
        FileLayout layout = Layout();
        Assert.Equal([(0, 1), (1, 1), (0, -1), (1, 1), (2, 4), (5, 5)], Enumerable.Range(0, 6).Select(layout.PiecesOf));
    }

    [Fact]
    public void Padding_is_never_wanted()
    {
        FileLayout layout = Layout(1, 3, 5);
        Assert.Equal([1, 5], Enumerable.Range(0, 6).Where(layout.IsWanted));
        Assert.Equal([1, 5], VerifyTests.Indices(layout.WantedPieces));
        Assert.Equal(14, layout.BytesWanted);
        Assert.Equal([0, 4, 0, 0, 0, 10], Enumerable.Range(0, 6).Select(layout.BytesWantedIn));
    }

    [Fact]
    public void There_is_one_value_per_file() => Assert.Throws<ArgumentException>("wantedFiles", () => new FileLayout(s_sample.Torrent, new bool[5]));

    /// <summary>Only the first and the last piece of a file can include bytes of others.</summary>
    [Fact]
    public void Only_bytes_of_shared_pieces_have_separate_places()
    {
        // x: pieces 0 to 2 and 2 bytes of piece 3; y: 14 bytes of piece 3, pieces 4 and 5, and 6 bytes of piece 6; z: 3 of piece 6.
        Sample sample = Sample.Make(16, 1, ("x", 50), ("y", 52), ("z", 3));
        FileLayout layout = new(sample.Torrent, sample.Only());
        Assert.Equal(-1, layout.SlotOf(new FileSegment(0, 0, 16)));
        Assert.Equal(-1, layout.SlotOf(new FileSegment(0, 32, 16)));
        Assert.Equal(-1, layout.SlotOf(new FileSegment(1, 14, 16)));
        (int File, long Offset, int Length)[] shared = [(0, 48, 2), (1, 0, 14), (1, 46, 6), (2, 0, 3)];
        Assert.Equal([0, 2, 16, 22], shared.Select(one => layout.SlotOf(new FileSegment(one.File, one.Offset, one.Length))));
        Assert.Equal(5, layout.SlotOf(new FileSegment(1, 3, 2)));
        Assert.Equal(17, layout.SlotOf(new FileSegment(1, 47, 1)));
    }
}
