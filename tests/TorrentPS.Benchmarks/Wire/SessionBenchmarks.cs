using BenchmarkDotNet.Attributes;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Benchmarks.Swarm;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Wire;
using TorrentPS.Testing;

namespace TorrentPS.Benchmarks.Wire;

/// <summary>
/// The peer protocol through the engine's session, on its loop, with everything but the socket: 64 MiB in pieces of 1 MiB. Figures are per block of 16 KiB, including the
/// copies at both ends.
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
    private PieceDisk _disk = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _folder = WorkFolder.Create("session");
        var storage = new DiskStorage(new StorageRequest(_torrent, new FileLayout(_torrent, [true]), null) { Destination = _folder.Path });
        await storage.CheckAsync(static (_, _) => { }, CancellationToken.None);
        var piece = new ReadOnlyMemory<byte>[] { new byte[PieceLength] };
        for (int i = 0; i < Pieces; i++)
            storage.Write(i, 0, piece);
        _disk = new PieceDisk(storage, new PieceHashes(_torrent, null), new DiskQueue(2), new DiskTally(), _pool);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _disk.Queue.Dispose();
        _disk.Storage.Dispose();
        _folder.Dispose();
    }

    /// <summary>Requests, receives and stores a block.</summary>
    [Benchmark(OperationsPerInvoke = Blocks)]
    public async Task ReceiveBlockAsync()
    {
        var swarm = Swarm(new Bitfield(Pieces));
        await RunAsync(swarm, new InMemorySeed(Pieces));
        if (swarm.Picker.Missing > 0)
            throw new InvalidOperationException($"{swarm.Picker.Missing} pieces are missing.");
    }

    /// <summary>Reads a requested block from the page cache and sends it.</summary>
    [Benchmark(OperationsPerInvoke = Blocks)]
    public async Task SendBlockAsync()
    {
        var swarm = Swarm(SwarmTorrent.All(Pieces));
        var leecher = new InMemoryLeecher(Blocks, BlocksInPiece, Window);
        await RunAsync(swarm, leecher);
        if (leecher.Received < Blocks)
            throw new InvalidOperationException($"{Blocks - leecher.Received} blocks were not sent.");
    }

    private FakeSwarm Swarm(Bitfield have) => new(_disk, have, TimeProvider.System) { Clock = static () => TimeProvider.System.GetElapsedTime(0).TotalSeconds, Window = Window, Completed = peer => peer.Close(PeerClose.Stopping) };

    private async Task RunAsync(FakeSwarm swarm, InMemoryPeer peer)
    {
        var session = new PeerSession(swarm, new PeerConnection(peer, InMemoryPeer.Handshake()), Pieces);
        await new SwarmLoop().RunAsync(async () =>
        {
            await session.RunAsync();
            return true;
        }).WaitAsync(TimeSpan.FromSeconds(30));
        if ((swarm.Fault ?? swarm.StorageFailure) is { } fault)
            throw fault;
        if (swarm.Violation is not null || swarm.WastedBytes > 0)
            throw new InvalidOperationException(swarm.Violation ?? $"{swarm.WastedBytes} bytes came in vain");
    }
}
