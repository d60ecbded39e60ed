using System.Diagnostics;
using System.Net;
using TorrentPS.Benchmarks.Measuring;

namespace TorrentPS.Benchmarks.Comparing;

/// <content>One run of one client.</content>
internal sealed partial class Comparison
{
    /// <summary>A client downloads from the seeders, from its start to completion.</summary>
    private async Task<ClientRun> DownloadAsync(ComparedClient client, CancellationToken cancellationToken)
    {
        if (!client.Dials && _source is not Libtorrent)
            return new ClientRun { Client = client.Name, Problem = "it connects to no loopback address, and only libtorrent as the seeder can be told to connect to it" };
        RunTracker tracker = new();
        await using (tracker.ConfigureAwait(false))
        {
            string folder = _downloads.Fresh($"{client.Name}-{_number + 1}");
            Job job = await JobAsync(client, tracker, folder, isSeeding: false).ConfigureAwait(false);
            IPEndPoint[] seeders = [.. _seeders.Select(seeder => seeder.EndPoint)];
            foreach (IPEndPoint seeder in seeders)
                await tracker.AddSeederAsync(seeder, _torrent).ConfigureAwait(false);
            await ReadyMachineAsync(cancellationToken).ConfigureAwait(false);

            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            (double, double) before = RunMeter.Before();
            ChildProcess process = Start(client, job);
            await using (process.ConfigureAwait(false))
            {
                Task dialling = client.Dials ? Task.CompletedTask : DialAsync(tracker, seeders, ending.Token);
                var meter = new RunMeter(process, process.StartedAt, before, [.. _seeders.Select(seeder => seeder.Process)], isNew: true);
                long? doneAt = await meter.WatchAsync(process, client.HasHook ? job.Done : null, _options.Timeout, cancellationToken).ConfigureAwait(false);
                double seconds = Stopwatch.GetElapsedTime(process.StartedAt, doneAt ?? Stopwatch.GetTimestamp()).TotalSeconds;
                bool isDisturbed = meter.IsDisturbed(seconds);
                double? exit = doneAt is not null && client.Exits ? await ExitAsync(process).ConfigureAwait(false) : null;
                await ending.CancelAsync().ConfigureAwait(false);
                await dialling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                string? problem = Problem(process, doneAt);
                await process.StopAsync(s_grace).ConfigureAwait(false);
                problem ??= RandomFile.Difference(Payload, Path.Combine(folder, PayloadName));
                Directory.Delete(folder, recursive: true);
                return Result(client, meter, seconds, isDisturbed, problem) with { ExitSeconds = exit };
            }
        }
    }

    /// <summary>A client seeds to one downloader; the result is the seeder's cost from the downloader's start to its completion.</summary>
    private async Task<ClientRun> SeedAsync(ComparedClient client, CancellationToken cancellationToken)
    {
        RunTracker tracker = new();
        await using (tracker.ConfigureAwait(false))
        {
            // A separate copy for each, since clients may write beside the data they seed.
            string folder = _downloads.Fresh($"{client.Name}-{_number + 1}"), data = Directory.CreateDirectory(Path.Combine(folder, "data")).FullName;
            string got = Directory.CreateDirectory(Path.Combine(folder, "got")).FullName;
            File.Copy(Payload, Path.Combine(data, PayloadName));
            Job job = await JobAsync(client, tracker, data, isSeeding: true).ConfigureAwait(false);
            Job download = await JobAsync(_source, tracker, got, isSeeding: false).ConfigureAwait(false);
            ChildProcess seeder = Start(client, job);
            await using (seeder.ConfigureAwait(false))
            {
                try
                {
                    await UntilSeedingAsync(tracker, seeder, cancellationToken).ConfigureAwait(false);
                }
                catch (InvalidOperationException e)
                {
                    return new ClientRun { Client = client.Name, Problem = e.Message };
                }

                await UntilIdleAsync(seeder, cancellationToken).ConfigureAwait(false);
                await ReadyMachineAsync(cancellationToken).ConfigureAwait(false);
                ClientRun run = await MeasureSeederAsync(client, seeder, download, cancellationToken).ConfigureAwait(false);
                await seeder.StopAsync(s_grace).ConfigureAwait(false);
                run = run with { Problem = run.Problem ?? RandomFile.Difference(Payload, Path.Combine(got, PayloadName)) };
                Directory.Delete(folder, recursive: true);
                return run;
            }
        }
    }

    private async Task<ClientRun> MeasureSeederAsync(ComparedClient client, ChildProcess seeder, Job download, CancellationToken cancellationToken)
    {
        (double, double) before = RunMeter.Before();
        ChildProcess downloader = Start(_source, download);
        await using (downloader.ConfigureAwait(false))
        {
            var meter = new RunMeter(seeder, downloader.StartedAt, before, [downloader], isNew: false);
            long? doneAt = await meter.WatchAsync(downloader, _source.HasHook ? download.Done : null, _options.Timeout, cancellationToken).ConfigureAwait(false);
            double seconds = Stopwatch.GetElapsedTime(downloader.StartedAt, doneAt ?? Stopwatch.GetTimestamp()).TotalSeconds;
            bool isDisturbed = meter.IsDisturbed(seconds);
            if (doneAt is not null)
                await ExitAsync(downloader).ConfigureAwait(false); // the last received data is still being written
            string? problem = seeder.Ended.IsCompleted ? $"the seeder ended: {seeder.Output}" : Problem(downloader, doneAt);
            return Result(client, meter, seconds, isDisturbed, problem);
        }
    }

    private static ClientRun Result(ComparedClient client, RunMeter meter, double seconds, bool isDisturbed, string? problem) => new()
    {
        Client = client.Name,
        Seconds = seconds,
        CpuSeconds = meter.CpuSeconds,
        AnonymousBytes = meter.PeakAnonymous,
        IsDisturbed = isDisturbed,
        Problem = problem,
    };

    private string? Problem(ChildProcess process, long? doneAt) => doneAt is not null ? null
        : process.Ended.IsCompleted ? $"it ended with {process.ExitCode}: {process.Output}"
        : $"not complete after {_options.Timeout.TotalSeconds:0} s: {process.Output}";

    private async Task DialAsync(RunTracker tracker, IPEndPoint[] seeders, CancellationToken cancellationToken)
    {
        IPEndPoint peer = await tracker.NextPeerAsync(seeders, cancellationToken).ConfigureAwait(false);
        foreach (Seeder seeder in _seeders)
            seeder.Process.WriteLine($"connect {peer}");
    }

    private static async Task<double?> ExitAsync(ChildProcess process)
    {
        await Task.WhenAny(process.Ended, Task.Delay(s_exitLimit, CancellationToken.None)).ConfigureAwait(false);
        return process.Ended.IsCompleted ? Stopwatch.GetElapsedTime(process.StartedAt, process.EndedAt).TotalSeconds : null;
    }

    /// <summary>Waits until a seeder has verified its data and is idle.</summary>
    private static async Task UntilIdleAsync(ChildProcess process, CancellationToken cancellationToken)
    {
        for (int i = 0; i < 60 && !process.Ended.IsCompleted; i++)
        {
            double before = ProcessTree.Read(process.Id).CpuSeconds;
            await Task.Delay(500, cancellationToken).ConfigureAwait(false);
            if (ProcessTree.Read(process.Id).CpuSeconds - before < 0.02)
                return;
        }
    }
}
