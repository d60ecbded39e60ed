using System.Net;
using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

public sealed class LeafTreesTests : IDisposable
{
    private const int PieceLength = 4 * 16384;

    private static readonly Sample s_sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 1, ("data", 10 * PieceLength - 100));
    private static readonly Torrent s_large = ZeroTorrent.Make(16 << 20, ("data", 160 << 20));

    private readonly TestLoop _loop = new();
    private readonly ManualResetEventSlim _free = new();
    private SampleSwarm? _swarm;

    public void Dispose()
    {
        _swarm?.Dispose();
        _loop.Dispose();
        _free.Dispose();
    }

    /// <summary>Blocks the disk during an action.</summary>
    private void WhileDiskIsBusy(Action action)
    {
        _swarm!.Disk.Queue.Enqueue(new BusyDisk(_free));
        _loop.Run(action);
        _free.Set();
    }

    private sealed class BusyDisk(ManualResetEventSlim free) : IDiskJob
    {
        public void Run() => free.Wait();
    }

    private LeafTrees Trees(Torrent? torrent = null)
    {
        _swarm = torrent is null ? new SampleSwarm(s_sample, isSeed: true) : new SampleSwarm(torrent, isSeed: true);
        return _swarm.HashSupply!.Leaves;
    }

    private PeerSession Peer(string address = "198.51.100.1", bool isChoked = true)
    {
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, _swarm!.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes("-qB4520-abcdefghijkl"), supportsV2: true);
        PeerSession peer = new(_swarm, new PeerConnection(MemoryPeerStream.Create(address: IPAddress.Parse(address)).Dialler, Handshake.Read(handshake)!, isV2: true), _swarm.Torrent.PieceCount);
        peer.State.IsChokedByUs = isChoked;
        return peer;
    }

    [Fact]
    public void A_piece_is_read_once_for_all_requests_and_its_tree_has_its_root()
    {
        LeafTrees trees = Trees();
        List<HashTree?> got = [];
        WhileDiskIsBusy(() =>
        {
            for (int i = 0; i < 5; i++)
                Assert.True(trees.TryRead(Peer($"198.51.100.{i}"), 9, isEarned: false, 0, got.Add));
        });
        _loop.RunUntil(() => got.Count == 5);
        Assert.Equal(PieceLength - 100, trees.BytesRead);
        Assert.True(_swarm!.Disk.Hashes.Layers!.TryGet(9, out ReadOnlySpan<byte> root));
        Assert.Equal(root, got[0]!.Layer(2));
        Assert.Same(got[0], trees.Find(9));
        Assert.Null(trees.Find(8));
    }

    [Fact]
    public void Unchoked_peers_come_first()
    {
        LeafTrees trees = Trees();
        List<int> got = [];
        WhileDiskIsBusy(() =>
        {
            for (int piece = 0; piece < 4; piece++)
            {
                int read = piece;
                Assert.True(trees.TryRead(Peer(isChoked: piece < 3), piece, isEarned: false, 0, _ => got.Add(read)));
            }
        });
        _loop.RunUntil(() => got.Count == 4);
        Assert.Equal([0, 3, 1, 2], got); // the first was started before the others came
    }

    [Fact]
    public void Nothing_is_read_for_a_peer_that_has_left()
    {
        LeafTrees trees = Trees();
        List<int> got = [];
        WhileDiskIsBusy(() =>
        {
            PeerSession gone = Peer();
            Assert.True(trees.TryRead(Peer(), 0, isEarned: false, 0, _ => got.Add(0)));
            Assert.True(trees.TryRead(gone, 1, isEarned: false, 0, _ => got.Add(1)));
            Assert.True(trees.TryRead(Peer(), 2, isEarned: false, 0, _ => got.Add(2)));
            gone.Close(PeerClose.Lost);
        });
        _loop.RunUntil(() => got.Count == 2);
        Assert.Equal([0, 2], got);
        Assert.Equal(2 * PieceLength, trees.BytesRead);
    }

    [Fact]
    public void Reads_for_an_address_are_limited_however_often_it_connects()
    {
        LeafTrees trees = Trees(s_large);
        int given = 0, done = 0;
        _loop.Run(() =>
        {
            for (int piece = 0; piece < 10; piece++) // one connection each
                given += trees.TryRead(Peer(isChoked: false), piece, isEarned: false, 0, _ => done++) ? 1 : 0;
        });
        Assert.Equal(LeafTrees.MostOfAddress / (16 << 20), given);
        _loop.RunUntil(() => done == given);
        Assert.Equal(LeafTrees.MostOfAddress, trees.BytesRead);
        _loop.Run(() =>
        {
            Assert.False(trees.TryRead(Peer(), 9, isEarned: false, 60, _ => { }));
            Assert.True(trees.TryRead(Peer(), 9, isEarned: true, 60, _ => done++)); // it has received as much data
            Assert.True(trees.TryRead(Peer("198.51.100.2"), 8, isEarned: false, 60, _ => done++));
            Assert.True(trees.TryRead(Peer(), 7, isEarned: false, 3600, _ => done++)); // its budget has grown again by then
        });
        _loop.RunUntil(() => done == given + 3);
    }

    [Fact]
    public void Reads_for_all_choked_peers_are_limited_however_many_addresses_they_have()
    {
        Torrent torrent = ZeroTorrent.Make(16 << 20, ("data", 640 << 20));
        LeafTrees trees = Trees(torrent);
        int given = 0, done = 0;
        _loop.Run(() =>
        {
            for (int piece = 0; piece < 40; piece++)
                given += trees.TryRead(Peer($"198.51.100.{piece}"), piece, isEarned: false, 0, _ => done++) ? 1 : 0;
        });
        Assert.Equal(LeafTrees.MostOfChoked / (16 << 20), given);
        _loop.Run(() => Assert.True(trees.TryRead(Peer("198.51.100.200", isChoked: false), 39, isEarned: false, 0, _ => done++)));
        _loop.RunUntil(() => done == given + 1);
    }

    [Fact]
    public void The_cache_is_limited_and_keeps_the_latest()
    {
        Trees();
        LeafTrees trees = new(_swarm!.Disk, mostKept: 3 * 7 * 32); // three trees of four leaves
        int read = 0;
        for (int piece = 0; piece < 10; piece++)
        {
            int before = read;
            _loop.Run(() => Assert.True(trees.TryRead(Peer(), piece, isEarned: false, 0, _ => read++)));
            _loop.RunUntil(() => read > before);
            Assert.NotNull(trees.Find(0));
        }

        Assert.Equal([0, 8, 9], Enumerable.Range(0, 10).Where(piece => trees.Find(piece) is not null));
    }

    /// <summary>While the piece is read, or while its result is used for one of the waiting peers.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fault_while_reading_affects_only_the_peer_that_requested_it(bool isReading)
    {
        LeafTrees trees = Trees();
        List<int> got = [];
        PeerSession faulty = Peer("198.51.100.2");
        WhileDiskIsBusy(() =>
        {
            Assert.True(trees.TryRead(Peer(), 0, isEarned: false, 0, _ => got.Add(0)));
            Assert.True(trees.TryRead(faulty, isReading ? 99 : 1, isEarned: true, 0, _ => throw new InvalidOperationException("injected")));
            Assert.True(trees.TryRead(Peer(), 1, isEarned: false, 0, _ => got.Add(1)));
            Assert.True(trees.TryRead(Peer(), 2, isEarned: false, 0, _ => got.Add(2)));
        });
        _loop.RunUntil(() => got.Count == 3);
        Assert.Equal([0, 1, 2], got);
        Assert.True(faulty.IsClosed);
        Assert.Equal(PeerClose.Faulted, _swarm!.Reason); // the reason of the only one that was closed
        Assert.Equal(isReading, _swarm.Fault is not InvalidOperationException);
    }
}
