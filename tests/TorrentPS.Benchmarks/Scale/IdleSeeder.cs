using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;

namespace TorrentPS.Benchmarks.Scale;

/// <summary>One client that seeds every torrent in a folder, and reports the costs of the next seconds for each line it reads.</summary>
internal sealed class IdleSeeder : IProgress<TorrentDownload>
{
    private int _peers;

    public static async Task ServeAsync(string folder, double seconds, bool progress)
    {
        var self = new IdleSeeder();
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0 });
        using var stop = new CancellationTokenSource();
        List<Task<TorrentDownload>> seeding = [];
        // The first measurement is of a client with nothing to do.
        await Worker.ServeAsync("ready", async () =>
        {
            if (seeding.Count == 0)
            {
                IdleRun before = await self.MeasureAsync(1, 0).ConfigureAwait(false);
                await StartAsync(client, folder, progress ? self : null, seeding, stop.Token).ConfigureAwait(false);
                return before;
            }

            return await self.MeasureAsync(seconds, seeding.Count(one => !one.IsCompleted)).ConfigureAwait(false);
        }).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(seeding).ConfigureAwait(false);
    }

    public void Report(TorrentDownload value) => _peers = Math.Max(_peers, value.PeersConnected);

    private static async Task StartAsync(TorrentClient client, string folder, IdleSeeder? progress, List<Task<TorrentDownload>> seeding, CancellationToken stop)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*.torrent").Order(StringComparer.Ordinal))
        {
            var info = new TorrentInfo(Torrent.Parse(await File.ReadAllBytesAsync(file, CancellationToken.None).ConfigureAwait(false)));
            seeding.Add(client.DownloadAsync(info, new DownloadOptions { Destination = folder, SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan }, progress, stop));
        }
    }

    private async Task<IdleRun> MeasureAsync(double seconds, int torrents)
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        long allocated = GC.GetTotalAllocatedBytes(precise: true), items = ThreadPool.CompletedWorkItemCount;
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long startedAt = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds)).ConfigureAwait(false);
        var run = new IdleRun
        {
            Seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
            CpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds,
            WorkItems = ThreadPool.CompletedWorkItemCount - items,
            AllocatedBytes = GC.GetTotalAllocatedBytes(precise: true) - allocated,
            Torrents = torrents,
            Peers = _peers,
            Threads = Process.GetCurrentProcess().Threads.Count,
        };
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return run with
        {
            HeapBytes = GC.GetTotalMemory(forceFullCollection: true),
            AnonymousBytes = OperatingSystem.IsLinux() ? ProcessTree.AnonymousOf(Environment.ProcessId) : 0,
        };
    }
}
