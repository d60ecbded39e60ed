using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Benchmarks.Storage;

/// <summary>SHA-1 over a GiB, in pieces of 1 MiB that lie in segments of 256 KiB, on one thread and on two.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 1, iterationCount: 5, invocationCount: 1)]
public class HashBenchmarks
{
    private const int SegmentsInPiece = 4;
    private const int PiecesInMemory = 8;
    private const int Pieces = 1024;

    // More than a core's cache holds, and little enough not to measure memory: as much as a download has in progress.
    private readonly ReadOnlyMemory<byte>[][] _pieces = new ReadOnlyMemory<byte>[PiecesInMemory][];

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        for (int i = 0; i < _pieces.Length; i++)
        {
            _pieces[i] = new ReadOnlyMemory<byte>[SegmentsInPiece];
            for (int j = 0; j < SegmentsInPiece; j++)
                _pieces[i][j] = RandomNumberGenerator.GetBytes(SegmentPool.MaxSegmentLength);
        }
    }

    /// <summary>As in the engine: one hash object per thread, four calls per piece.</summary>
    [Benchmark]
    public void PieceHasherGiB() => OnThreads(piece =>
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        PieceHasher.Sha1(_pieces[piece % PiecesInMemory], hash);
    });

    /// <summary>The platform's one-shot call, one segment at a time.</summary>
    [Benchmark(Baseline = true)]
    public void PlatformGiB() => OnThreads(piece =>
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        foreach (ReadOnlyMemory<byte> segment in _pieces[piece % PiecesInMemory])
            SHA1.HashData(segment.Span, hash);
    });

    private void OnThreads(Action<int> hashPiece)
    {
        int next = -1;
        var threads = new Thread[Threads];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                while (Interlocked.Increment(ref next) is < Pieces and int piece)
                    hashPiece(piece);
            });
            threads[i].Start();
        }

        foreach (Thread thread in threads)
            thread.Join();
    }
}
