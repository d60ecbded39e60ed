using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Swarm;

namespace TorrentPS.Benchmarks.Utp;

/// <summary><c>utp</c>: transfers over uTP between the engine and libtorrent, in every combination, on loopback or over a line that delays and loses packets.</summary>
internal static class UtpCommand
{
    private const string Python = "/usr/bin/python3";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private static int s_lastAddress = 100;

    public static Command Create()
    {
        Option<long> size = MeasureOptions.Size(), pieceLength = MeasureOptions.PieceLength();
        Option<int> rounds = MeasureOptions.Rounds(3);
        Option<double> loss = new("--loss") { Description = "The part of packets that is lost each way, as 0.05." };
        Option<double> delay = new("--delay") { Description = "Milliseconds that a packet takes, each way." };
        Option<bool> markdown = MeasureOptions.Markdown();
        var command = new Command("utp", "Measure transfers over uTP between the engine and libtorrent.") { size, pieceLength, rounds, loss, delay, markdown };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var folder = WorkFolder.Create("utp");
            var line = (Loss: result.GetValue(loss), Delay: TimeSpan.FromMilliseconds(result.GetValue(delay)));
            TextTable table = await MeasureAsync(folder, result.GetValue(size), (int)result.GetValue(pieceLength), result.GetValue(rounds), line, cancellationToken).ConfigureAwait(false);
            Console.Write(table.ToString(result.GetValue(markdown)));
            return 0;
        });
        return command;
    }

    private static async Task<TextTable> MeasureAsync(WorkFolder folder, long size, int pieceLength, int rounds, (double Loss, TimeSpan Delay) line, CancellationToken cancellationToken)
    {
        string file = Path.Combine(folder.Path, "payload"), torrent = Path.Combine(folder.Path, "payload.torrent");
        RandomFile.Write(file, size);
        await File.WriteAllBytesAsync(torrent, await TorrentCreator.CreateAsync(file, new TorrentCreatorOptions { PieceLength = pieceLength }, null, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        (bool FromUs, bool ToUs)[] pairs = [(false, false), (false, true), (true, false), (true, true)];
        var seconds = pairs.ToDictionary(pair => pair, _ => new List<double>());
        for (int round = 0; round <= rounds; round++)
        {
            foreach ((bool FromUs, bool ToUs) pair in pairs)
            {
                string target = folder.Fresh("target");
                double took = await TransferAsync(torrent, folder.Path, target, pair.FromUs, pair.ToUs, line, cancellationToken).ConfigureAwait(false);
                if (RandomFile.Difference(file, Path.Combine(target, "payload")) is { } difference)
                    throw new InvalidOperationException(difference);
                if (round > 0)
                    seconds[pair].Add(took);
            }
        }

        var table = new TextTable("from, to", "median s", "MiB/s", "of libtorrent's");
        List<double> reference = seconds[(false, false)];
        foreach ((bool FromUs, bool ToUs) pair in pairs)
        {
            double median = Statistics.Median(seconds[pair])!.Value;
            // Paired by round: disturbances affect all of them.
            double ratio = Statistics.Median(seconds[pair].Select((took, round) => reference[round] / took))!.Value;
            table.Add($"{NameOf(pair.FromUs)}, {NameOf(pair.ToUs)}", Statistics.Show(median, 2), Statistics.Show(size / Statistics.MiB / median, 2), Statistics.Show(ratio, 2));
        }

        return table;
    }

    private static string NameOf(bool isOurs) => isOurs ? "torrentps" : "libtorrent";

    private static async Task<double> TransferAsync(string torrent, string source, string target, bool fromUs, bool toUs, (double Loss, TimeSpan Delay) line, CancellationToken cancellationToken)
    {
        TorrentInfo info = new(Torrent.Parse(await File.ReadAllBytesAsync(torrent, cancellationToken).ConfigureAwait(false)));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var seeder = new TorrentClient(new TorrentClientOptions { Port = 0, Transport = PeerTransport.Utp });
        Task<TorrentDownload>? seeding = null;
        ChildProcess? other = null;
        try
        {
            IPEndPoint at;
            if (fromUs)
            {
                seeding = seeder.DownloadAsync(info, new DownloadOptions { Destination = source, Sources = [], SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan }, null, stop.Token);
                while (seeder.ListenPort == 0)
                    await Task.Delay(20, cancellationToken).ConfigureAwait(false);
                at = new IPEndPoint(IPAddress.Loopback, seeder.ListenPort);
            }
            else
            {
                at = Next();
                other = await StartAsync(torrent, source, at, null, cancellationToken).ConfigureAwait(false);
            }

            IPEndPoint front = line is { Loss: 0, Delay.Ticks: 0 } ? at : Next();
            using UdpRelay? relay = front == at ? null : new UdpRelay(front, at, line.Loss, line.Delay);
            return await (toUs ? DownloadAsync(info, target, front, cancellationToken) : DownloadAsync(torrent, target, front, cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            if (seeding is not null)
                await seeding.ConfigureAwait(false);
            await seeder.DisposeAsync().ConfigureAwait(false);
            if (other is not null)
                await other.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<double> DownloadAsync(TorrentInfo info, string target, IPEndPoint from, CancellationToken cancellationToken)
    {
        var client = new TorrentClient(new TorrentClientOptions { Port = 0, Transport = PeerTransport.Utp });
        await using (client.ConfigureAwait(false))
        {
            long began = Stopwatch.GetTimestamp();
            TorrentDownload result = await client.DownloadAsync(info, new DownloadOptions { Destination = target, Sources = [], Peers = [from], Timeout = s_limit }, null, cancellationToken).ConfigureAwait(false);
            return result.State == TorrentState.Completed ? Stopwatch.GetElapsedTime(began).TotalSeconds : throw new InvalidOperationException(result.Error);
        }
    }

    private static async Task<double> DownloadAsync(string torrent, string target, IPEndPoint from, CancellationToken cancellationToken)
    {
        string done = Path.Combine(target, "..", "done");
        File.Delete(done);
        ChildProcess process = await StartAsync(torrent, target, Next(), done, cancellationToken).ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            long began = Stopwatch.GetTimestamp();
            process.WriteLine($"connect {from}");
            while (!File.Exists(done))
            {
                if (process.Ended.IsCompleted || Stopwatch.GetElapsedTime(began) > s_limit)
                    throw new InvalidOperationException($"libtorrent did not complete: {process.Output}");
                await Task.Delay(5, cancellationToken).ConfigureAwait(false);
            }

            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
    }

    private static async Task<ChildProcess> StartAsync(string torrent, string folder, IPEndPoint listen, string? done, CancellationToken cancellationToken)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string config = JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["listen"] = listen.ToString(),
            ["folder"] = folder,
            ["torrent"] = torrent,
            ["encryption"] = "off",
            ["tuned"] = true,
            ["utp"] = true,
            ["done"] = done,
        });
        var start = new ProcessStartInfo(Python) { ArgumentList = { "-B", Path.Combine(AppContext.BaseDirectory, "Clients", "libtorrent_peer.py"), config } };
        ChildProcess process = ChildProcess.Start(start, line =>
        {
            if (line == "ready")
                ready.TrySetResult();
        });
        await Task.WhenAny(ready.Task, process.Ended).WaitAsync(s_limit, cancellationToken).ConfigureAwait(false);
        return ready.Task.IsCompleted ? process : throw new InvalidOperationException($"libtorrent does not start: {process.Output}");
    }

    private static IPEndPoint Next() => new(new IPAddress([127, 0, 77, (byte)(1 + Interlocked.Increment(ref s_lastAddress) % 250)]), 16881);
}
