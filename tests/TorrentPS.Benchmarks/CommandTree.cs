using System.CommandLine;
using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using TorrentPS.Benchmarks.Comparing;
using TorrentPS.Benchmarks.Crowd;
using TorrentPS.Benchmarks.Floor;
using TorrentPS.Benchmarks.Magnets;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Benchmarks.Scale;
using TorrentPS.Benchmarks.Storage;
using TorrentPS.Benchmarks.Tracking;
using TorrentPS.Benchmarks.Utp;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks;

/// <summary>
/// The commands: <c>bench</c> for parts, <c>floor</c>, <c>compare</c>, <c>crowd</c> and <c>magnet</c> for whole transfers, <c>idle</c> and <c>peers</c> for many torrents
/// and peers, <c>tracker</c> for the tracker, <c>utp</c> for uTP.
/// </summary>
internal static class CommandTree
{
    /// <summary>The command with which this program starts itself.</summary>
    public const string WorkerCommand = "worker";

    public static async Task<int> RunAsync(string[] args)
    {
        // All following arguments are for BenchmarkDotNet, including --help.
        if (args is ["bench", .. string[] rest])
            return Bench(rest);
        if (args is [WorkerCommand, .. string[] work])
            return await WorkAsync(work).ConfigureAwait(false);
        var root = new RootCommand("Measures the engine: its parts, the distance to what is possible, and other clients.")
        {
            new Command("bench", "Run BenchmarkDotNet; its options follow, as in: bench --filter '*Picker*' --job short"),
            FloorCommand.Create(),
            CompareCommand.Create(),
            CrowdCommand.Create(),
            TrackerCommand.Create(),
            IdleCommand.Create(),
            PeersCommand.Create(),
            MagnetCommand.Create(),
            UtpCommand.Create(),
        };
        return await root.Parse(args).InvokeAsync().ConfigureAwait(false);
    }

    private static int Bench(string[] args)
    {
        // BenchmarkDotNet builds a project around each benchmark, and looks for this one below the current directory.
        if (Sources.Root is { } root)
            Environment.CurrentDirectory = root;
        IConfig config = DefaultConfig.Instance
            .AddFilter(new SimpleFilter(one => VerifyBenchmarks.OpenSsl is not null || one.Descriptor.WorkloadMethod.Name != nameof(VerifyBenchmarks.OpenSslDigest)));
        Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(CommandTree).Assembly).Run(args, config)];
        return summaries.All(summary => summary.Reports.All(report => report.Success)) ? 0 : 1;
    }

    private static async Task<int> WorkAsync(string[] args)
    {
        await (args switch
        {
            ["sender", var file] => FloorSender.ServeAsync(file),
            ["receiver", var port, var folder] => FloorReceiver.ServeAsync(int.Parse(port, CultureInfo.InvariantCulture), folder),
            ["idle", var folder, var seconds, var progress] => IdleSeeder.ServeAsync(folder, double.Parse(seconds, CultureInfo.InvariantCulture), bool.Parse(progress)),
            ["seeders", var torrent, var folder, .. string[] limits] => PeerSeeders.ServeAsync(torrent, folder, Array.ConvertAll(limits, limit => long.Parse(limit, CultureInfo.InvariantCulture))),
            ["seeder", var torrent, var folder, var encryption] => EngineSeeder.ServeAsync(torrent, folder, Enum.Parse<EncryptionMode>(encryption)),
            ["tracker", var isPinned] => TrackerWorker.ServeAsync(bool.Parse(isPinned)),
            ["downloader", var torrent, var ports, var folder, var encryption] =>
                EngineDownload.ServeAsync(torrent, Array.ConvertAll(ports.Split(','), port => int.Parse(port, CultureInfo.InvariantCulture)), folder, Enum.Parse<EncryptionMode>(encryption)),
            _ => throw new ArgumentException($"There is no work '{string.Join(' ', args)}'."),
        }).ConfigureAwait(false);
        return 0;
    }
}
