using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Tracking;

/// <summary><c>tracker</c>: the memory of the tracker for many peers, and its rate of announces.</summary>
internal static class TrackerCommand
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var torrents = new Option<int>("--torrents") { Description = "Torrents (1000).", DefaultValueFactory = _ => 1000 };
        var peers = new Option<int>("--peers") { Description = "Peers of all torrents together (100000).", DefaultValueFactory = _ => 100_000 };
        var seconds = new Option<double>("--seconds") { Description = "How long each kind of announce goes on (5).", DefaultValueFactory = _ => 5 };
        var command = new Command("tracker", "Fill the tracker, and count the announces that it answers on one core.") { torrents, peers, seconds };
        command.SetAction((result, _) => RunAsync(result.GetValue(torrents), result.GetValue(peers), TimeSpan.FromSeconds(result.GetValue(seconds))));
        return command;
    }

    private static async Task<int> RunAsync(int torrents, int peers, TimeSpan time)
    {
        // One core for the tracker, and the others for its clients.
        bool isPinned = Environment.ProcessorCount > 1;
        if (isPinned && (OperatingSystem.IsLinux() || OperatingSystem.IsWindows()))
            Process.GetCurrentProcess().ProcessorAffinity = (nint)((1L << Math.Min(Environment.ProcessorCount, 62)) - 2);
        await using Worker worker = await Worker.StartAsync("tracker", isPinned.ToString()).ConfigureAwait(false);
        var load = new TrackerLoad(IPEndPoint.Parse(worker.Greeting), torrents, peers);
        TrackerWorker.State empty = await worker.RunAsync<TrackerWorker.State>(s_limit).ConfigureAwait(false);
        load.Fill();
        TrackerWorker.State full = await worker.RunAsync<TrackerWorker.State>(s_limit).ConfigureAwait(false);
        Console.WriteLine(Machine.Description);
        Console.WriteLine();
        Line($"{full.Peers} peers over {full.Torrents} torrents: {ByteSize.Show(full.WorkingSet)} resident, {ByteSize.Show(full.WorkingSet - empty.WorkingSet)} more than empty");
        await MeasureAsync(worker, "UDP", () => Task.FromResult(load.RunUdp(time))).ConfigureAwait(false);
        await MeasureAsync(worker, "HTTP, connections kept", () => load.RunHttpAsync(time, keepAlive: true)).ConfigureAwait(false);
        await MeasureAsync(worker, "HTTP, a connection for each", () => load.RunHttpAsync(time, keepAlive: false)).ConfigureAwait(false);
        TrackerWorker.State end = await worker.RunAsync<TrackerWorker.State>(s_limit).ConfigureAwait(false);
        Line($"At the end: {end.Peers} peers, {ByteSize.Show(end.WorkingSet)} resident, {ByteSize.Show(end.Heap)} in the heap");
        return full.Peers == peers && full.Torrents == torrents ? 0 : 1;
    }

    private static async Task MeasureAsync(Worker worker, string name, Func<Task<int>> announce)
    {
        TrackerWorker.State before = await worker.RunAsync<TrackerWorker.State>(s_limit).ConfigureAwait(false);
        long start = Stopwatch.GetTimestamp();
        int count = await announce().ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        TrackerWorker.State after = await worker.RunAsync<TrackerWorker.State>(s_limit).ConfigureAwait(false);
        double cpu = after.CpuSeconds - before.CpuSeconds;
        Line($"{name}: {count / seconds:0} announces/s, {count / cpu:0} for each second of the tracker's CPU time ({cpu / seconds:0%} of one core)");
    }

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
