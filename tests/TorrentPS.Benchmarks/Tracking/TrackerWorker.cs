using System.Diagnostics;
using System.Net;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Benchmarks.Tracking;

/// <summary>The tracker as a separate process, on one core.</summary>
internal static class TrackerWorker
{
    public static async Task ServeAsync(bool isPinned)
    {
        if (isPinned && (OperatingSystem.IsLinux() || OperatingSystem.IsWindows()))
            Process.GetCurrentProcess().ProcessorAffinity = 1;
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { MaxConnectionsPerAddress = 1000 });
        await Worker.ServeAsync(tracker.EndPoint.ToString(), () => Task.FromResult<object>(Look(tracker))).ConfigureAwait(false);
    }

    private static State Look(TrackerServer tracker)
    {
        using var process = Process.GetCurrentProcess();
        return new State(process.TotalProcessorTime.TotalSeconds, tracker.Announces, tracker.TorrentCount, tracker.PeerCount, process.WorkingSet64, GC.GetTotalMemory(forceFullCollection: false));
    }

    /// <param name="CpuSeconds">CPU time of the process so far.</param>
    /// <param name="Announces">Announces answered so far.</param>
    /// <param name="Torrents">The number of torrents with peers.</param>
    /// <param name="Peers">The number of peers of all torrents.</param>
    /// <param name="WorkingSet">The resident memory of the process.</param>
    /// <param name="Heap">Bytes in the managed heap.</param>
    internal sealed record State(double CpuSeconds, long Announces, int Torrents, int Peers, long WorkingSet, long Heap);
}
