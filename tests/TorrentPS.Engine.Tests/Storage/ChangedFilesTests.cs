using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Files that another program changes while they are seeded: that is noticed, and said of the right file.</summary>
public sealed class ChangedFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    // a: pieces 0 and 1, b: piece 1, c: pieces 1 to 3.
    private readonly Sample _sample = Sample.Make(16, 1, ("a", 20), ("b", 4), ("c", 40));
    private readonly DataStore _store;

    public ChangedFilesTests()
    {
        _sample.Lay(_folder.Path, 0, 1, 2);
        _store = new DataStore(_sample.Torrent, _folder.Path, _sample.All, readOnly: true);
        _store.NoteTimes();
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void An_open_file_that_is_written_is_noticed_once()
    {
        Assert.True(_store.TryRead(0, 0, new byte[16]));
        _store.LookAtOpenFiles();
        Assert.False(_store.TryTakeDoubtful(out _));
        Damage("a");
        Damage("c"); // not open, so not looked at
        _store.LookAtOpenFiles();
        Assert.True(_store.TryTakeDoubtful(out int file));
        Assert.Equal(0, file);
        Assert.True(_store.IsTouched(0));
        Assert.False(_store.IsTouched(2));
        _store.LookAtOpenFiles();
        Assert.False(_store.TryTakeDoubtful(out _));
        _store.Trust(0);
        Assert.False(_store.IsTouched(0));
    }

    [Fact]
    public void A_file_that_was_written_before_it_is_opened_is_noticed_when_it_is()
    {
        Damage("c");
        Assert.False(_store.TryTakeDoubtful(out _));
        _store.TryRead(2, 0, new byte[16]);
        Assert.True(_store.TryTakeDoubtful(out int file));
        Assert.Equal(2, file);
    }

    [Fact]
    public void A_file_that_was_replaced_is_opened_anew()
    {
        Assert.True(_store.TryRead(0, 0, new byte[16]));
        byte[] other = new byte[20];
        File.WriteAllBytes(_folder["new"], other);
        File.Move(_folder["new"], _folder["T/a"], overwrite: true);
        _store.Doubt(0);
        Assert.True(_store.TryTakeDoubtful(out _));
        byte[] read = new byte[16];
        Assert.True(_store.TryRead(0, 0, read));
        Assert.Equal(other[..16], read);
    }

    [Fact]
    public void A_doubtful_file_is_verified_once_however_often_it_is_doubted()
    {
        _store.Doubt(1);
        _store.Doubt(1);
        _store.Doubt(0);
        Assert.Equal([1, 0], Doubtful());
        _store.Doubt(1);
        Assert.Equal([1], Doubtful());
        _store.Touch(2); // for the end
        Assert.Empty(Doubtful());
        Assert.True(_store.IsTouched(2));
    }

    [Theory]
    [InlineData(TorrentVersion.V1)]
    [InlineData(TorrentVersion.V2)]
    [InlineData(TorrentVersion.Hybrid)]
    public void A_piece_is_still_right_until_a_byte_of_it_changes(TorrentVersion version)
    {
        Sample sample = version == TorrentVersion.V1 ? Sample.Make(16384, 1, ("x", 40_000), ("y", 300_000)) : Sample.BuildV2(version, 16384, 1, ("x", 40_000), ("y", 300_000));
        int[] files = [.. sample.Torrent.Files.Where(file => !file.IsPadding).Select(file => file.Index)];
        using TemporaryFolder folder = new();
        sample.Lay(folder.Path, files);
        using DataStore store = new(sample.Torrent, folder.Path, sample.All, readOnly: true);
        Assert.All(Enumerable.Range(0, sample.Torrent.PieceCount), piece => Assert.True(store.IsStillRight(piece)));
        byte[] changed = sample.File(0).ToArray();
        changed[16384] ^= 1;
        File.WriteAllBytes(folder["T/x"], changed);
        Assert.Equal([1], Enumerable.Range(0, sample.Torrent.PieceCount).Where(piece => !store.IsStillRight(piece)));
        File.WriteAllBytes(folder["T/x"], changed[..20_000]);
        Assert.False(store.IsStillRight(1));
        Assert.True(store.IsStillRight(0));
    }

    [Fact]
    public void What_became_of_a_file_is_said()
    {
        Assert.Equal(DataStore.Changed, _store.DescribeChange(0));
        File.WriteAllBytes(_folder["T/a"], new byte[19]);
        Assert.Equal("was cut to 19 of 20 bytes", _store.DescribeChange(0));
        File.WriteAllBytes(_folder["T/a"], new byte[21]);
        Assert.Equal(DataStore.Changed, _store.DescribeChange(0));
        File.Delete(_folder["T/a"]);
        Assert.Equal("was removed", _store.DescribeChange(0));
    }

    [Fact]
    public void Behind_a_wrong_piece_are_the_files_that_cannot_be_read_else_those_that_are_cut_else_those_that_were_written()
    {
        Assert.Equal([0, 1, 2], _store.FilesBehind(1));
        Assert.Equal([2], _store.FilesBehind(2));
        _store.Touch(2);
        Assert.Equal([2], _store.FilesBehind(1));
        Assert.Equal([0], _store.FilesBehind(0));
        File.WriteAllBytes(_folder["T/b"], new byte[3]);
        Assert.Equal([1], _store.FilesBehind(1));

        Assert.Null(_store.ReadFailure(0));
        File.Delete(_folder["T/a"]);
        Directory.CreateDirectory(_folder["T/a"]);
        TorrentException fault = Assert.Throws<TorrentException>(() => _store.TryRead(1, 0, new byte[16]));
        Assert.Equal(TorrentErrorId.AccessDenied, fault.ErrorId);
        Assert.Same(fault, _store.ReadFailure(0));
        Assert.Null(_store.ReadFailure(1));
        Assert.Equal([0], _store.FilesBehind(1));
    }

    [Fact]
    public void Only_wanted_files_are_behind_a_piece()
    {
        using DataStore store = new(_sample.Torrent, _folder.Path, _sample.Only(0, 2), readOnly: true);
        Assert.Equal([0, 2], store.FilesBehind(1));
    }

    [Fact]
    public void Data_that_is_only_read_is_never_written() =>
        Assert.Throws<InvalidOperationException>(() => _store.Write(0, 0, [_sample.Piece(0)]));

    /// <summary>As peers request them: the last piece of a file, to its full length.</summary>
    [Fact]
    public void Behind_the_end_of_a_file_of_version_2_are_zeros()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, 16384, 1, ("x", 100), ("y", 50));
        using TemporaryFolder folder = new();
        sample.Lay(folder.Path, 0, 1);
        using DataStore store = new(sample.Torrent, folder.Path, sample.All, readOnly: true);
        byte[] read = [.. Enumerable.Repeat((byte)7, 120)];
        Assert.True(store.TryRead(0, 0, read));
        Assert.Equal([.. sample.File(0), .. new byte[20]], read);
        read.AsSpan().Fill(7);
        Assert.True(store.TryRead(0, 90, read));
        Assert.Equal([.. sample.File(0)[90..], .. new byte[110]], read);
        read.AsSpan().Fill(7);
        Assert.True(store.TryRead(0, 200, read));
        Assert.Equal(new byte[120], read);
        Assert.True(store.TryRead(0, 95, read.AsSpan(0, 5)));
        Assert.Equal(sample.File(0)[95..], read[..5]);
    }

    [Fact]
    public async Task Several_damaged_pieces_are_counted_and_told_of_the_file_that_was_written()
    {
        Damage("c");
        File.WriteAllBytes(_folder["T/c"], new byte[40]);
        _store.Touch(2);
        Bitfield overwritten = await _store.FindOverwrittenAsync(TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3], VerifyTests.Indices(overwritten));
        Assert.Contains($"'{_folder["T/c"]}'", _store.DescribeOverwritten(overwritten), StringComparison.Ordinal);
        Assert.Contains("3 pieces are damaged", _store.DescribeOverwritten(overwritten), StringComparison.Ordinal);
        overwritten.Remove(1);
        overwritten.Remove(2);
        Assert.Contains("a piece is damaged", _store.DescribeOverwritten(overwritten), StringComparison.Ordinal);
    }

    /// <summary>A file that was wanted only now has bytes in the parts file, and one that was wanted before has the rest of a piece.</summary>
    [Fact]
    public void After_another_selection_only_pieces_that_files_share_may_be_elsewhere()
    {
        using TemporaryFolder folder = new();
        using (DataStore before = new(_sample.Torrent, folder.Path, _sample.Only(0)))
        {
            before.Prepare();
            _sample.WriteAll(before);
            Assert.Equal([1], Elsewhere(before)); // in files that are not wanted, and are there
            before.SaveResume(before.WantedPieces);
        }

        using DataStore same = new(_sample.Torrent, folder.Path, _sample.All);
        Assert.Empty(Elsewhere(same));
        same.LoadResume();
        Assert.Equal([1], Elsewhere(same));
    }

    private int[] Elsewhere(DataStore store) => [.. Enumerable.Range(0, _sample.Torrent.PieceCount).Where(store.MayBeElsewhere)];

    private List<int> Doubtful()
    {
        List<int> files = [];
        while (_store.TryTakeDoubtful(out int file))
            files.Add(file);
        return files;
    }

    private void Damage(string name)
    {
        using (FileStream file = new(_folder[$"T/{name}"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
            file.WriteByte((byte)(_sample.File(name[0] - 'a')[0] ^ 1));
        File.SetLastWriteTimeUtc(_folder[$"T/{name}"], DateTime.UtcNow.AddSeconds(-30));
    }
}
