using BenchmarkDotNet.Attributes;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Benchmarks.Swarm;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Benchmarks.Wire;

/// <summary>
/// The peer protocol through the engine's own session, on its own loop, with everything but the socket: 64 MiB in pieces of 1 MiB. Figures are
/// those of a block of 16 KiB, both ends' copies included.
/// </summary>
[MemoryDiagnoser]
public class SessionBenchmarks
{
    private const int Pieces = 64;
    private const int PieceLength = 1 << 20;
    private const int BlocksInPiece = PieceLength / BlockRequest.BlockLength;
    private const int Blocks = Pieces * BlocksInPiece;
    private const int Window = 250;

    private readonly Torrent _torrent = SwarmTorrent.Create(Pieces, PieceLength);
    private readonly SegmentPool _pool = new(48L << 20);
    private WorkFolder _folder = null!;
    private DataStore _store = null!;
    private DiskQueue _disk = null!;

    [GlobalSetup]
    public void Setup()
    {
        _folder = WorkFolder.Create("session");
        _store = new DataStore(_torrent, _folder.Path, [true]);
        _store.Prepare();
        var piece = new ReadOnlyMemory<byte>[] { new byte[PieceLength] };
        for (int i = 0; i < Pieces; i++)
            _store.Write(i, 0, piece);
        _disk = new DiskQueue(2);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _disk.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    /// <summary>Asks for, receives and puts in its place a block.</summary>
    [Benchmark(OperationsPerInvoke = Blocks)]
    public async Task ReceiveBlockAsync()
    {
        var swarm = new BenchmarkSwarm(_torrent, new Bitfield(Pieces), Window, _pool, _store, _disk);
        await RunAsync(swarm, new InMemorySeed(Pieces));
        if (swarm.Picker.Missing > 0)
            throw new InvalidOperationException($"{swarm.Picker.Missing} pieces are missing.");
    }

    /// <summary>Reads a block that is asked for from the page cache and sends it.</summary>
    [Benchmark(OperationsPerInvoke = Blocks)]
    public async Task SendBlockAsync()
    {
        var swarm = new BenchmarkSwarm(_torrent, SwarmTorrent.All(Pieces), Window, _pool, _store, _disk);
        var leecher = new InMemoryLeecher(Blocks, BlocksInPiece, Window);
        await RunAsync(swarm, leecher);
        if (leecher.Received < Blocks)
            throw new InvalidOperationException($"{Blocks - leecher.Received} blocks were not sent.");
    }

    private async Task RunAsync(BenchmarkSwarm swarm, InMemoryPeer peer)
    {
        var session = new PeerSession(swarm, peer, InMemoryPeer.Handshake(), Pieces);
        await new SwarmLoop().RunAsync(async () =>
        {
            await session.RunAsync();
            return true;
        }).WaitAsync(TimeSpan.FromSeconds(30));
        if (swarm.Fault is { } fault)
            throw new InvalidOperationException(fault);
    }
}
