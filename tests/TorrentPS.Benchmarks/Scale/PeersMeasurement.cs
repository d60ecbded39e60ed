using System.Globalization;
using TorrentPS.Benchmarks.Floor;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Scale;

/// <summary>The same download from one set of peers and from another, in turn; each set is one process, and each download is another.</summary>
internal sealed class PeersMeasurement(PeersOptions options, TextWriter progress)
{
    private static readonly TimeSpan s_calmLimit = TimeSpan.FromSeconds(10);

    private readonly List<FloorRun> _first = [];
    private readonly List<FloorRun> _second = [];

    /// <summary>Runs the measurement, and returns the table.</summary>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        using WorkFolder source = WorkFolder.Create("payload"), target = WorkFolder.Create("peers", options.Destination);
        string payload = Path.Combine(source.Path, "payload.bin"), torrent = Path.Combine(source.Path, "payload.torrent"), download = target.Fresh("download");
        RandomFile.Write(payload, options.Size);
        byte[] bytes = await TorrentCreator.CreateAsync(payload, new TorrentCreatorOptions { PieceLength = options.PieceLength }, null, cancellationToken).ConfigureAwait(false);
        await File.WriteAllBytesAsync(torrent, bytes, cancellationToken).ConfigureAwait(false);
        await using Worker firstSeeders = await SeedAsync(torrent, source.Path, options.First).ConfigureAwait(false);
        await using Worker secondSeeders = await SeedAsync(torrent, source.Path, options.Second).ConfigureAwait(false);
        await using Worker first = await Worker.StartAsync("downloader", torrent, firstSeeders.Greeting, download, nameof(EncryptionMode.Off)).ConfigureAwait(false);
        await using Worker second = await Worker.StartAsync("downloader", torrent, secondSeeders.Greeting, download, nameof(EncryptionMode.Off)).ConfigureAwait(false);
        // The first round compiles the code and warms the memory, and is not counted.
        for (int round = 0; round <= options.Rounds; round++)
        {
            foreach ((Worker worker, List<FloorRun> runs) in new[] { (first, _first), (second, _second) })
            {
                await Machine.WaitUntilCalmAsync(s_calmLimit, cancellationToken).ConfigureAwait(false);
                Machine.WarmMemory(target.Path, options.Size);
                FloorRun run = await worker.RunAsync<FloorRun>(FloorMeasurement.RunLimit + TimeSpan.FromSeconds(10)).ConfigureAwait(false);
                if ((run.Problem ?? RandomFile.Difference(payload, Path.Combine(download, "payload.bin"))) is { } problem)
                    throw new InvalidOperationException(problem);
                target.Fresh("download");
                await progress.WriteLineAsync($"round {round}: {(runs == _first ? "1 peer" : options.SecondName)}: {run.Seconds:0.00} s, CPU {run.CpuSeconds:0.00} s{(round == 0 ? " (not counted)" : "")}").ConfigureAwait(false);
                if (round > 0)
                    runs.Add(run);
            }
        }

        return Table(first.PeakAnonymous, second.PeakAnonymous);
    }

    private static Task<Worker> SeedAsync(string torrent, string folder, long[] limits) =>
        Worker.StartAsync("seeders", [torrent, folder, .. limits.Select(limit => limit.ToString(CultureInfo.InvariantCulture))]);

    private string Table(long firstMemory, long secondMemory)
    {
        double gib = options.Size / Statistics.GiB;
        var table = new TextTable("per GiB", "1 peer", options.SecondName, "ratio");
        Add("seconds", run => run.Seconds);
        Add("CPU seconds", run => run.CpuSeconds);
        Add("MiB allocated", run => run.AllocatedBytes / Statistics.MiB);
        Add("MiB received in vain", run => (run.DownloadedBytes - run.Bytes) / Statistics.MiB);
        Add("thread pool work items", run => run.WorkItems, 0);
        if (firstMemory > 0)
            table.Add("peak anonymous MiB (not per GiB)", Statistics.Show(firstMemory / Statistics.MiB, 0), Statistics.Show(secondMemory / Statistics.MiB, 0), Statistics.Show((double)secondMemory / firstMemory));
        return table.ToString(options.Markdown);

        void Add(string name, Func<FloorRun, double> value, int digits = 2) =>
            table.Add(name, Statistics.ShowMedian(_first.Select(run => value(run) / gib), digits), Statistics.ShowMedian(_second.Select(run => value(run) / gib), digits),
                // Paired by round: disturbances of the machine affect both.
                _first.TrueForAll(one => value(one) > 0) ? Statistics.ShowMedian(_first.Zip(_second, (one, other) => value(other) / value(one))) : "");
    }
}
