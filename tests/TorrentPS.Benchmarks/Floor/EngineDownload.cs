using System.Diagnostics;
using System.Net;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Floor;

/// <summary>Downloads with the engine, from given peers, repeatedly into an empty folder.</summary>
internal static class EngineDownload
{
    public static async Task ServeAsync(string torrent, int[] ports, string folder, EncryptionMode encryption)
    {
        var info = new TorrentInfo(Torrent.Parse(await File.ReadAllBytesAsync(torrent).ConfigureAwait(false)));
        var options = new DownloadOptions
        {
            Destination = folder,
            Peers = Array.ConvertAll(ports, port => new IPEndPoint(IPAddress.Loopback, port)),
            Sources = [],
            Timeout = FloorMeasurement.RunLimit,
        };
        // One client for all rounds: its buffers are allocated in the first, and later allocations are the cost of data.
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0, Encryption = encryption });
        await Worker.ServeAsync("ready", async () => await RunAsync(client, info, options).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static async Task<FloorRun> RunAsync(TorrentClient client, TorrentInfo info, DownloadOptions options)
    {
        if (Directory.Exists(options.Destination))
            Directory.Delete(options.Destination, recursive: true);
        Directory.CreateDirectory(options.Destination);
        long allocated = GC.GetTotalAllocatedBytes(precise: true), items = ThreadPool.CompletedWorkItemCount, contentions = Monitor.LockContentionCount;
        int collections = GC.CollectionCount(0);
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long startedAt = Stopwatch.GetTimestamp();
        TorrentDownload download = await client.DownloadAsync(info, options).ConfigureAwait(false);
        return new FloorRun
        {
            Seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
            CpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds,
            Bytes = download.BytesCompleted,
            DownloadedBytes = download.Downloaded,
            AllocatedBytes = GC.GetTotalAllocatedBytes(precise: true) - allocated,
            Collections = GC.CollectionCount(0) - collections,
            WorkItems = ThreadPool.CompletedWorkItemCount - items,
            LockContentions = Monitor.LockContentionCount - contentions,
            Problem = download.State == TorrentState.Completed ? null : download.Error ?? download.State.ToString(),
        };
    }
}
