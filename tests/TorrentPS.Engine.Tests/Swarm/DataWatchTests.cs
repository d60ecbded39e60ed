using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>The verification of data while it is seeded.</summary>
public sealed class DataWatchTests : IDisposable
{
    private static readonly IPAddress s_peer = PhasedSwarm.Address(1);

    private readonly TemporaryFolder _folder = new();
    private readonly TestLoop _loop = new();
    private readonly DiskQueue _disk = new(1);
    private readonly Served _served = new();
    private DataStore _store;
    private DataWatch _watch;

    public DataWatchTests() => (_store, _watch) = Watch(Sample.Make(16, 1, ("a", 320), ("b", 320)));

    public void Dispose()
    {
        _disk.Dispose();
        _store.Dispose();
        _loop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Complaints_cause_256_KiB_of_reads_a_second_on_average_from_any_number_of_addresses()
    {
        (_store, _watch) = Watch(Sample.Make(65536, 4, ("a", 40 * 65536)));
        for (int second = 0; second < 60; second++)
        {
            for (int piece = 0; piece < _store.Torrent.PieceCount; piece++)
                _watch.Complain(piece, PhasedSwarm.Address(piece));
            Tick(second);
        }

        Assert.Equal(4 * 60, _watch.PiecesRead);
        Assert.Empty(_served.Wrong);
    }

    [Fact]
    public void All_pieces_of_a_complaint_are_read_the_first_at_once()
    {
        (_store, _watch) = Watch(Sample.Make(1 << 20, 4, ("a", 16 << 20)));
        for (int piece = 0; piece < 16; piece++)
            _watch.Complain(piece, s_peer);
        Tick(0);
        Assert.Equal(1, _watch.PiecesRead);
        for (int second = 1; second < 16 * 4; second++)
            Tick(second);
        Assert.Equal(16, _watch.PiecesRead);
    }

    [Fact]
    public void Endless_complaints_of_one_address_do_not_delay_those_of_another()
    {
        (_store, _watch) = Watch(Sample.Make(1 << 18, 4, ("a", 10 << 20)));
        OtherProgram.Overwrite(_folder["a"], (10 << 20) - 1, keepsTime: true);
        for (int second = 0; second < 4; second++)
        {
            for (int piece = 0; piece < 39; piece++)
                _watch.Complain(piece, s_peer);
            if (second == 1)
                _watch.Complain(39, PhasedSwarm.Address(2));
            Tick(second);
        }

        Assert.Equal([39], _served.Wrong);
    }

    [Fact]
    public void A_complaint_waits_for_the_file_that_another_program_has_written()
    {
        OtherProgram.Overwrite(_folder["T/a"], 3 * 16, keepsTime: true);
        OtherProgram.Overwrite(_folder["T/b"], 0, keepsTime: true);
        _store.Doubt(0);
        _watch.Complain(20, s_peer);
        Tick(1);
        Assert.Equal([3, 20], _served.Wrong);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_unreadable_file_is_reported_and_the_rest_is_still_watched(bool isComplaint)
    {
        OtherProgram.PutFolder(_folder["T/b"]);
        OtherProgram.Overwrite(_folder["T/a"], 0, keepsTime: true);
        if (isComplaint)
            _watch.Complain(39, s_peer);
        else
            _served.Sample = 39;
        _watch.Complain(0, s_peer);
        for (int second = 0; second <= 60; second++)
            Tick(second);
        Assert.Equal([39], _served.Unread);
        Assert.Equal([0], _served.Wrong);
        Assert.Equal([1], _store.FilesBehind(39));
    }

    [Fact]
    public void Random_pieces_that_were_sent_are_read_and_none_while_nothing_is_sent()
    {
        OtherProgram.Overwrite(_folder["T/a"], 5 * 16, keepsTime: true);
        for (int second = 0; second <= 300; second++)
            Tick(second);
        Assert.Equal(0, _watch.PiecesRead);
        _served.Sample = 4;
        for (int second = 301; second <= 600; second++)
            Tick(second);
        Assert.Equal(5, _watch.PiecesRead);
        Assert.Empty(_served.Wrong);
        _served.Sample = 5;
        for (int second = 601; second <= 660; second++)
            Tick(second);
        Assert.Equal([5], _served.Wrong);
    }

    [Fact]
    public void After_a_long_piece_the_next_one_waits_longer()
    {
        (_store, _watch) = Watch(Sample.Make(30 << 20, 2, ("long", 30 << 20)));
        _served.Sample = 0;
        for (int second = 0; second < 600; second++)
        {
            _watch.Complain(0, s_peer);
            Tick(second);
        }

        Assert.Equal(5 + 5, _watch.PiecesRead); // each kind in 120 s, complaints and random checks
    }

    [Fact]
    public void Only_the_written_file_is_read_and_once()
    {
        Assert.True(_store.TryRead(0, 0, new byte[1]) && _store.TryRead(39, 0, new byte[1])); // both are open
        File.SetLastWriteTimeUtc(_folder["T/b"], DateTime.UtcNow.AddDays(1));
        for (int second = 0; second < 300; second++)
            Tick(second);
        Assert.Equal(20, _watch.PiecesRead);
        Assert.Equal([1], _served.Right);
        Assert.Empty(_served.Wrong);
    }

    [Fact]
    public void A_file_written_before_it_is_opened_is_noticed_then()
    {
        OtherProgram.Overwrite(_folder["T/b"], 0, keepsTime: false);
        Assert.True(_store.TryRead(39, 0, new byte[1]));
        Tick(1);
        Assert.Equal([20], _served.Wrong);
        Assert.Empty(_served.Right);
    }

    [Fact]
    public void A_replaced_file_of_the_same_length_and_time_is_found_by_one_of_its_pieces()
    {
        OtherProgram.Replace(_folder["T/b"]);
        Assert.True(_store.TryRead(39, 0, new byte[1]));
        for (int second = 0; second <= 60; second++)
            Tick(second);
        Assert.Empty(_served.Wrong);
        _served.Sample = 39;
        for (int second = 61; second <= 120; second++)
            Tick(second);
        Assert.Equal([39], _served.Wrong);
    }

    [Fact]
    public void Hashes_of_changed_data_are_not_sent_and_its_file_is_verified()
    {
        (_store, _watch) = Watch(Sample.BuildV2(TorrentVersion.V2, 32768, 3, ("a", 100_000), ("b", 50_000)));
        OtherProgram.Overwrite(_folder["T/b"], 40_000, keepsTime: true);
        Assert.NotNull(Leaves(4));
        Assert.Null(Leaves(5));
        Tick(0);
        Assert.Equal([5], _served.Wrong);
        Assert.Equal(2, _watch.PiecesRead);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Hashes_of_a_missing_or_unreadable_file_are_not_sent_and_it_is_verified(bool isGone)
    {
        (_store, _watch) = Watch(Sample.BuildV2(TorrentVersion.V2, 32768, 3, ("a", 100_000), ("b", 50_000)));
        if (isGone)
            File.Delete(_folder["T/b"]);
        else
            OtherProgram.PutFolder(_folder["T/b"]);
        Assert.Null(Leaves(5));
        Tick(0);
        Assert.Equal([4, 5], isGone ? _served.Wrong : _served.Unread);
    }

    private (DataStore Store, DataWatch Watch) Watch(Sample sample)
    {
        _store?.Dispose();
        sample.Lay(_folder.Path, [.. Enumerable.Range(0, sample.Torrent.Files.Count).Where(file => !sample.Torrent.Files[file].IsPadding)]);
        DataStore store = new(sample.Torrent, _folder.Path, sample.All, readOnly: true);
        store.NoteTimes();
        return (store, new DataWatch(store.Torrent, store, new FileLayout(sample.Torrent, sample.All), _disk, new DiskTally(), _served));
    }

    private HashTree? Leaves(int piece)
    {
        HashTree? tree = null;
        bool isDone = false;
        _loop.Run(() => _ = ReadAsync());
        _loop.RunUntil(() => isDone);
        return tree;

        async Task ReadAsync()
        {
            tree = await new LeafReader(new StoredPieces(_store), new PieceHashes(_store.Torrent, _store.Layers), new DiskTally(), piece).ReadAsync(_disk); // and continues on the loop, as a torrent does
            isDone = true;
        }
    }

    private void Tick(double now)
    {
        _loop.Run(() => _watch.Tick(now));
        if (_watch.IsBusy)
            _loop.RunUntil(() => !_watch.IsBusy);
    }

    /// <summary>A torrent that is seeded whole.</summary>
    private sealed class Served : IServedData
    {
        public int Sample { get; set; } = -1;

        public List<int> Wrong { get; } = [];

        public List<int> Unread { get; } = [];

        public List<int> Right { get; } = [];

        public bool Serves(int piece) => true;

        public int TakeSample() => Sample;

        public void Spoilt(int piece) => Wrong.Add(piece);

        public void Unreadable(int piece, TorrentException failure) => Unread.Add(piece);

        public void Kept(int file) => Right.Add(file);

        public void WatchFailed(Exception failure) => Assert.Fail(failure.ToString());
    }
}
