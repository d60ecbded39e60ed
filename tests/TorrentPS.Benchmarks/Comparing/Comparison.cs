using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using TorrentPS.Benchmarks.Floor;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>The same torrent downloaded, or seeded, by each client in turn, round by round. This part is shared by all runs.</summary>
[SupportedOSPlatform("linux")]
internal sealed partial class Comparison : IAsyncDisposable
{
    private const string PayloadName = "payload.bin";
    private const long LeastFloor = 64 << 20;

    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan s_exitLimit = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(3);

    private readonly CompareOptions _options;
    private readonly TextWriter _progress;
    private readonly ComparedClient[] _clients;
    private readonly ComparedClient _source;
    private readonly WorkFolder _data = WorkFolder.Create("payload");
    private readonly WorkFolder _downloads;
    private readonly WorkFolder _work = WorkFolder.Create("work", Path.GetTempPath());
    private readonly List<Seeder> _seeders = [];
    private readonly List<ClientRun> _runs = [];
    private Torrent _torrent = null!;
    private Worker? _floorSender;
    private Worker? _floorReceiver;
    private int _number;

    public Comparison(CompareOptions options, TextWriter progress)
    {
        _options = options;
        _progress = progress;
        _downloads = WorkFolder.Create("downloads", options.Destination);
        ComparedClient[] all = ComparedClient.All(options.TorrentPSPath);
        _clients = [.. all.Where(client => client.Version is not null && (options.Clients.Count == 0 || options.Clients.Contains(client.Name)))];
        foreach (ComparedClient client in all.Where(client => client.Version is null))
            progress.WriteLine($"without {client.Name}: {client.Missing}");
        _source = all.First(client => client is Libtorrent) is { Version: not null } libtorrent
            ? libtorrent
            : all.First(client => client is TorrentPSTool { Version: not null });
    }

    /// <summary>Runs all measurements, and returns the table.</summary>
    public async Task<ComparisonTable> RunAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken).ConfigureAwait(false);
        HashSet<string> failed = [];
        for (int round = 1; round <= _options.Rounds; round++)
        {
            if (_floorReceiver is not null)
                Note(await FloorAsync(round, cancellationToken).ConfigureAwait(false));
            foreach (ComparedClient client in _clients)
            {
                if (failed.Contains(client.Name))
                    continue;
                ClientRun run = _options.IsSeeding
                    ? await SeedAsync(client, cancellationToken).ConfigureAwait(false)
                    : await DownloadAsync(client, cancellationToken).ConfigureAwait(false);
                Note(run with { Round = round });
                if (run.Problem is not null && _runs.Count(earlier => earlier.Client == client.Name && earlier.Problem is not null) > 1)
                    failed.Add(client.Name);
            }
        }

        return new ComparisonTable(_options, _clients, _source, _runs);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Seeder seeder in _seeders)
        {
            seeder.Relay?.Dispose();
            await seeder.Process.DisposeAsync().ConfigureAwait(false);
        }

        if (_floorReceiver is not null)
            await _floorReceiver.DisposeAsync().ConfigureAwait(false);
        if (_floorSender is not null)
            await _floorSender.DisposeAsync().ConfigureAwait(false);
        _data.Dispose();
        _downloads.Dispose();
        _work.Dispose();
    }

    private string Payload => Path.Combine(_data.Path, PayloadName);

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        RandomFile.Write(Payload, _options.Size);
        _torrent = Torrent.Parse(await TorrentCreator.CreateAsync(Payload, new TorrentCreatorOptions { PieceLength = _options.PieceLength, CreatedBy = null }, null, cancellationToken).ConfigureAwait(false));
        string hook = Path.Combine(_work.Path, "hook.sh");
        await File.WriteAllTextAsync(hook, "#!/bin/sh\n: > \"$TORRENTPS_DONE\"\n", cancellationToken).ConfigureAwait(false);
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (_options.IsSeeding)
            return;
        for (int i = 0; i < _options.Seeders; i++)
            _seeders.Add(await StartSeederAsync(cancellationToken).ConfigureAwait(false));
        if (_options.Size < LeastFloor)
            return;
        _floorSender = await Worker.StartAsync("sender", Payload).ConfigureAwait(false);
        _floorReceiver = await Worker.StartAsync("receiver", _floorSender.Greeting, _downloads.Fresh(ComparisonTable.FloorName)).ConfigureAwait(false);
        await FloorAsync(0, cancellationToken).ConfigureAwait(false); // compiles its code
    }

    private async Task<Seeder> StartSeederAsync(CancellationToken cancellationToken)
    {
        RunTracker tracker = new();
        await using (tracker.ConfigureAwait(false))
        {
            Job job = await JobAsync(_source, tracker, _data.Path, isSeeding: true).ConfigureAwait(false);
            ChildProcess process = Start(_source, job);
            try
            {
                await UntilSeedingAsync(tracker, process, cancellationToken).ConfigureAwait(false);
                IPEndPoint endPoint = tracker.Seeders[0];
                DelayRelay? relay = _options.Delay > TimeSpan.Zero ? new DelayRelay(endPoint, _options.Delay / 2) : null;
                return new Seeder(process, relay?.EndPoint ?? endPoint, relay);
            }
            catch
            {
                await process.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task<Job> JobAsync(ComparedClient client, RunTracker tracker, string folder, bool isSeeding)
    {
        string config = _work.Fresh($"{client.Name}-{++_number}"), torrent = Path.Combine(config, "payload.torrent");
        await tracker.WriteTorrentAsync(torrent, _torrent).ConfigureAwait(false);
        return new Job
        {
            Torrent = torrent,
            IsSeeding = isSeeding,
            Folder = folder,
            Config = config,
            Done = Path.Combine(config, "done"),
            Hook = Path.Combine(_work.Path, "hook.sh"),
            EndPoint = client.ListensOnAny ? LoopbackAddress.Any() : LoopbackAddress.Next(),
            Encryption = _options.Encryption,
            Timeout = _options.Timeout,
        };
    }

    private static ChildProcess Start(ComparedClient client, Job job)
    {
        ProcessStartInfo start = client.Command(job);
        start.Environment["TORRENTPS_DONE"] = job.Done;
        return ChildProcess.Start(start);
    }

    private static async Task UntilSeedingAsync(RunTracker tracker, ChildProcess process, CancellationToken cancellationToken)
    {
        long startedAt = Stopwatch.GetTimestamp();
        while (tracker.Seeders.Count == 0)
        {
            if (process.Ended.IsCompleted || Stopwatch.GetElapsedTime(startedAt) > s_startLimit)
                throw new InvalidOperationException($"A seeder did not announce itself: {process.Output}");
            await Task.Delay(20, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ClientRun> FloorAsync(int round, CancellationToken cancellationToken)
    {
        await ReadyMachineAsync(cancellationToken).ConfigureAwait(false);
        FloorRun run = await _floorReceiver!.RunAsync<FloorRun>(_options.Timeout).ConfigureAwait(false);
        string copy = Path.Combine(_downloads.Path, ComparisonTable.FloorName, "floor.bin");
        string? problem = RandomFile.Difference(Payload, copy);
        File.Delete(copy);
        return new ClientRun { Client = ComparisonTable.FloorName, Round = round, Seconds = run.Seconds, CpuSeconds = run.CpuSeconds, AnonymousBytes = null, Problem = problem };
    }

    private async Task ReadyMachineAsync(CancellationToken cancellationToken)
    {
        await Machine.WaitUntilCalmAsync(_options.CalmLimit, cancellationToken).ConfigureAwait(false);
        Machine.WarmMemory(_downloads.Path, _options.Size);
    }

    private void Note(ClientRun run)
    {
        _runs.Add(run);
        string result = run.Problem is { } problem ? $"failed: {problem}" : $"{run.Seconds:0.000} s, CPU {run.CpuSeconds:0.00} s{(run.IsDisturbed ? " (disturbed)" : "")}";
        _progress.WriteLine($"round {run.Round} {run.Client,-20} {result}");
    }
}
