using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Benchmarks.Floor;

/// <summary>The floor and the engine's download of the same bytes, in turn, each in a separate process.</summary>
internal sealed class FloorMeasurement(FloorOptions options, TextWriter progress)
{
    public static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan s_calmLimit = TimeSpan.FromSeconds(10);

    private readonly List<FloorRun> _floors = [];
    private readonly List<FloorRun> _downloads = [];

    /// <summary>Runs the measurement, and returns the table.</summary>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        using WorkFolder source = WorkFolder.Create("payload"), target = WorkFolder.Create("floor", options.Destination);
        string payload = Path.Combine(source.Path, "payload.bin"), torrent = Path.Combine(source.Path, "payload.torrent");
        RandomFile.Write(payload, options.Size);
        byte[] bytes = await TorrentCreator.CreateAsync(payload, new TorrentCreatorOptions { PieceLength = options.PieceLength }, null, cancellationToken).ConfigureAwait(false);
        await File.WriteAllBytesAsync(torrent, bytes, cancellationToken).ConfigureAwait(false);
        string folder = target.Fresh("floor"), download = target.Fresh("download"), encryption = options.Encryption.ToString();

        await using Worker sender = await Worker.StartAsync("sender", payload).ConfigureAwait(false);
        await using Worker receiver = await Worker.StartAsync("receiver", sender.Greeting, folder).ConfigureAwait(false);
        await using Worker seeder = await Worker.StartAsync("seeder", torrent, source.Path, encryption).ConfigureAwait(false);
        await using Worker downloader = await Worker.StartAsync("downloader", torrent, seeder.Greeting, download, encryption).ConfigureAwait(false);
        // The first round compiles the code and warms the memory, and is not counted.
        for (int round = 0; round <= options.Rounds; round++)
        {
            FloorRun floor = await RunAsync(receiver, target.Path, cancellationToken).ConfigureAwait(false);
            string copy = Path.Combine(folder, "floor.bin");
            Check(floor, RandomFile.Difference(payload, copy));
            File.Delete(copy);
            FloorRun engine = await RunAsync(downloader, target.Path, cancellationToken).ConfigureAwait(false);
            Check(engine, RandomFile.Difference(payload, Path.Combine(download, "payload.bin")));
            target.Fresh("download");
            await progress.WriteLineAsync($"round {round}: floor {floor.Seconds:0.00} s, CPU {floor.CpuSeconds:0.00} s; engine {engine.Seconds:0.00} s, CPU {engine.CpuSeconds:0.00} s{(round == 0 ? " (not counted)" : "")}").ConfigureAwait(false);
            if (round == 0)
                continue;
            _floors.Add(floor);
            _downloads.Add(engine);
        }

        return Table(receiver.PeakAnonymous, downloader.PeakAnonymous);
    }

    private async Task<FloorRun> RunAsync(Worker worker, string folder, CancellationToken cancellationToken)
    {
        await Machine.WaitUntilCalmAsync(s_calmLimit, cancellationToken).ConfigureAwait(false);
        Machine.WarmMemory(folder, options.Size);
        return await worker.RunAsync<FloorRun>(RunLimit + TimeSpan.FromSeconds(10)).ConfigureAwait(false);
    }

    private void Check(FloorRun run, string? difference)
    {
        if (run.Problem is null && run.Bytes != options.Size)
            difference ??= $"{run.Bytes} of {options.Size} bytes came";
        if ((run.Problem ?? difference) is { } problem)
            throw new InvalidOperationException(problem);
    }

    private string Table(long floorMemory, long engineMemory)
    {
        double gib = options.Size / Statistics.GiB;
        var table = new TextTable("per GiB", "floor", "TorrentClient", "ratio");
        Add("seconds", run => run.Seconds);
        Add("CPU seconds", run => run.CpuSeconds);
        Add("MiB allocated", run => run.AllocatedBytes / Statistics.MiB);
        Add("collections", run => run.Collections, 0);
        Add("thread pool work items", run => run.WorkItems, 0);
        Add("waits for a lock", run => run.LockContentions, 0);
        if (engineMemory > 0)
            table.Add("peak anonymous MiB (not per GiB)", Statistics.Show(floorMemory / Statistics.MiB, 0), Statistics.Show(engineMemory / Statistics.MiB, 0), "");
        return table.ToString(options.Markdown);

        void Add(string name, Func<FloorRun, double> value, int digits = 2)
        {
            // Paired by round: disturbances of the machine affect both.
            IEnumerable<double> ratios = _floors.Zip(_downloads, (floor, engine) => value(engine) / value(floor));
            table.Add(name, Statistics.ShowMedian(_floors.Select(run => value(run) / gib), digits), Statistics.ShowMedian(_downloads.Select(run => value(run) / gib), digits),
                name.EndsWith("seconds", StringComparison.Ordinal) ? Statistics.ShowMedian(ratios) : "");
        }
    }
}
