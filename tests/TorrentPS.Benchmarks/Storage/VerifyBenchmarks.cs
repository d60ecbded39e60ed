using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Benchmarks.Storage;

/// <summary>Verifying a GiB in the page cache on all cores; the baseline is <c>openssl dgst -sha1</c> on one core, if it is installed.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 1, iterationCount: 5, invocationCount: 1)]
public class VerifyBenchmarks
{
    private const long Length = 1L << 30;

    private WorkFolder _folder = null!;
    private Torrent _torrent = null!;
    private string _path = "";

    [Params(256 << 10, 1 << 20, 16 << 20)]
    public int PieceLength { get; set; }

    /// <summary>The path of openssl; null if it is not installed.</summary>
    internal static string? OpenSsl => field ??= Installed.Find("openssl");

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _folder = WorkFolder.Create("verify");
        _path = Path.Combine(_folder.Path, "payload.bin");
        RandomFile.Write(_path, Length);
        _torrent = Torrent.Parse(await TorrentCreator.CreateAsync(_path, new TorrentCreatorOptions { PieceLength = PieceLength }));
    }

    [GlobalCleanup]
    public void Cleanup() => _folder.Dispose();

    [Benchmark]
    public async Task VerifyAsync()
    {
        using var store = new DataStore(_torrent, _folder.Path, [true], readOnly: true);
        Bitfield good = await store.VerifyAsync(_ => true, null, CancellationToken.None);
        if (!good.IsFull)
            throw new InvalidOperationException($"Only {good.Count} of {_torrent.PieceCount} pieces are right.");
    }

    [Benchmark(Baseline = true)]
    public void OpenSslDigest()
    {
        using var process = Process.Start(new ProcessStartInfo(OpenSsl!, ["dgst", "-sha1", _path]) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"openssl ended with {process.ExitCode}.");
    }
}
