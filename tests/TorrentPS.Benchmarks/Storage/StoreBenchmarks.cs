using BenchmarkDotNet.Attributes;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Benchmarks.Swarm;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Benchmarks.Storage;

/// <summary>Writing and reading pieces of 1 MiB of one file in the page cache.</summary>
[MemoryDiagnoser]
public class StoreBenchmarks
{
    private const int PieceLength = 1 << 20;
    private const int Pieces = 256;

    private readonly byte[] _buffer = new byte[PieceLength];
    private ReadOnlyMemory<byte>[] _segment = [];
    private ReadOnlyMemory<byte>[] _piece = [];
    private WorkFolder _folder = null!;
    private DataStore _store = null!;
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        _folder = WorkFolder.Create("store");
        _store = new DataStore(SwarmTorrent.Create(Pieces, PieceLength), _folder.Path, [true]);
        _store.Prepare();
        _segment = [new byte[SegmentPool.MaxSegmentLength]];
        _piece = [.. Enumerable.Range(0, PieceLength / SegmentPool.MaxSegmentLength).Select(_ => new ReadOnlyMemory<byte>(new byte[SegmentPool.MaxSegmentLength]))];
        for (int i = 0; i < Pieces; i++)
            _store.Write(i, 0, _piece);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Benchmark]
    public void WriteSegment() => _store.Write(Next(), SegmentPool.MaxSegmentLength, _segment);

    [Benchmark]
    public void WritePiece() => _store.Write(Next(), 0, _piece);

    [Benchmark]
    public bool ReadBlock() => _store.TryRead(Next(), 3 * 16 * 1024, _buffer.AsSpan(0, 16 * 1024));

    [Benchmark]
    public bool ReadSegment() => _store.TryRead(Next(), SegmentPool.MaxSegmentLength, _buffer.AsSpan(0, SegmentPool.MaxSegmentLength));

    [Benchmark]
    public bool ReadPiece() => _store.TryRead(Next(), 0, _buffer);

    private int Next() => _next = (_next + 1) % Pieces;
}
