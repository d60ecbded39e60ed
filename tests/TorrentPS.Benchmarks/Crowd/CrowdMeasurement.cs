using System.Net;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Benchmarks.Crowd;

/// <summary>One downloader and then many, each time with one seeder, which find each other through a tracker; all in this process.</summary>
internal sealed class CrowdMeasurement(CrowdOptions options, TextWriter progress)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    /// <summary>Runs the measurement, and returns the table.</summary>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        using WorkFolder folder = WorkFolder.Create("crowd");
        string source = folder.Fresh("source"), payload = Path.Combine(source, "payload.bin");
        RandomFile.Write(payload, options.Size);
        List<CrowdRun> alone = [], crowd = [];
        // The first round compiles the code and is not counted.
        for (int round = 0; round <= options.Rounds; round++)
        {
            CrowdRun one = await RunAsync(folder, payload, 1, cancellationToken).ConfigureAwait(false);
            CrowdRun many = await RunAsync(folder, payload, round == 0 ? Math.Min(3, options.Downloaders) : options.Downloaders, cancellationToken).ConfigureAwait(false);
            await progress.WriteLineAsync($"round {round}: one {one.Seconds:0.00} s, many {many.Seconds:0.00} s, {many.FromPeers:0.0 %} from each other{(round == 0 ? " (not counted)" : "")}").ConfigureAwait(false);
            if (round == 0)
                continue;
            alone.Add(one);
            crowd.Add(many);
        }

        return Table(alone, crowd);
    }

    private async Task<CrowdRun> RunAsync(WorkFolder folder, string payload, int count, CancellationToken cancellationToken)
    {
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0));
        var creator = new TorrentCreatorOptions { PieceLength = options.PieceLength, Trackers = [[tracker.AnnounceUri]] };
        byte[] bytes = await TorrentCreator.CreateAsync(payload, creator, null, cancellationToken).ConfigureAwait(false);
        var torrent = new TorrentInfo(Torrent.Parse(bytes));
        var common = new DownloadOptions { Destination = Path.GetDirectoryName(payload)!, UploadLimit = options.UploadLimit, Sources = [PeerSource.Tracker], Timeout = s_limit };
        await using var seeder = new CrowdMember(torrent, common with { SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan });
        await seeder.Complete.WaitAsync(s_limit, cancellationToken).ConfigureAwait(false);

        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        string[] targets = [.. Enumerable.Range(0, count).Select(i => folder.Fresh($"target{i}"))];
        CrowdMember[] members = [.. targets.Select(target => new CrowdMember(torrent, common with { Destination = target, SeedTime = options.Stay ? Timeout.InfiniteTimeSpan : null }))];
        try
        {
            TimeSpan[] times = await Task.WhenAll(members.Select(member => member.Complete)).WaitAsync(s_limit, cancellationToken).ConfigureAwait(false);
            double cpuSeconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
            TorrentDownload[] results = await Task.WhenAll(members.Select(member => member.StopAsync())).ConfigureAwait(false);
            TorrentDownload served = await seeder.StopAsync().ConfigureAwait(false);
            foreach (string target in targets)
            {
                if (RandomFile.Difference(payload, Path.Combine(target, Path.GetFileName(payload))) is { } problem)
                    throw new InvalidOperationException(problem);
            }

            double size = options.Size, received = results.Sum(result => result.Downloaded);
            return new CrowdRun(times.Max().TotalSeconds, times.Min().TotalSeconds, cpuSeconds, served.Uploaded / size, 1 - served.Uploaded / received, results.Sum(result => result.Wasted) / size);
        }
        finally
        {
            foreach (CrowdMember member in members)
                await member.DisposeAsync().ConfigureAwait(false);
            foreach (string target in targets)
                Directory.Delete(target, recursive: true);
        }
    }

    private string Table(List<CrowdRun> alone, List<CrowdRun> crowd)
    {
        var table = new TextTable("", "1 downloader", $"{options.Downloaders} downloaders", "ratio");
        Add("seconds until the last is done", run => run.Seconds, 2, isRatio: true);
        Add("seconds until the first is done", run => run.FirstSeconds, 2);
        Add("CPU seconds, all together", run => run.CpuSeconds, 2, isRatio: true);
        Add("payloads that the seeder sent", run => run.SeederShare, 2);
        Add("% that came from other downloaders", run => 100 * run.FromPeers, 1);
        Add("payloads received in vain, all together", run => run.Wasted, 2);
        return table.ToString(options.Markdown);

        void Add(string name, Func<CrowdRun, double> value, int digits, bool isRatio = false) =>
            table.Add(name, Statistics.ShowMedian(alone.Select(value), digits), Statistics.ShowMedian(crowd.Select(value), digits),
                isRatio ? Statistics.ShowMedian(alone.Zip(crowd, (one, many) => value(many) / value(one))) : "");
    }
}
