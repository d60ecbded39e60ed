using System.CommandLine;
using System.Globalization;
using System.Net;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Benchmarks.Scale;

/// <summary><c>idle</c>: the cost of many torrents that one client seeds without requests.</summary>
internal static class IdleCommand
{
    private const int Settle = 3000; // milliseconds: verifying the data, announcing, and subsequent work of the runtime

    public static Command Create()
    {
        Option<int> torrents = new("--torrents") { Description = "How many are seeded.", DefaultValueFactory = _ => 100 };
        torrents.Validators.Add(result => MeasureOptions.Require(result, result.GetValueOrDefault<int>() is >= 1 and <= 10_000, "must be 1 to 10000"));
        Option<int> seconds = new("--seconds") { Description = "How long is measured.", DefaultValueFactory = _ => 30 };
        seconds.Validators.Add(result => MeasureOptions.Require(result, result.GetValueOrDefault<int>() is >= 1 and <= 3600, "must be 1 to 3600"));
        Option<long> size = MeasureOptions.Bytes("--size", "Bytes of each torrent.", 1 << 20, 1L << 32), pieceLength = MeasureOptions.Bytes("--piece-length", "Bytes of a piece.", 16 << 10, 1L << 28);
        Option<bool> progress = new("--progress") { Description = "Ask for the progress of each, as a program that shows it does." };
        Option<bool> markdown = MeasureOptions.Markdown();
        var command = new Command("idle", "Seed many torrents without requests.") { torrents, seconds, size, pieceLength, progress, markdown };
        command.SetAction(async (result, cancellationToken) =>
        {
            int count = result.GetValue(torrents);
            using WorkFolder folder = WorkFolder.Create("idle");
            await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0));
            for (int i = 0; i < count; i++)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"payload-{i:00000}"), path = Path.Combine(folder.Path, name + ".bin");
                RandomFile.Write(path, result.GetValue(size));
                var options = new TorrentCreatorOptions { PieceLength = (int)result.GetValue(pieceLength), Trackers = [[tracker.AnnounceUri]] };
                await File.WriteAllBytesAsync(Path.Combine(folder.Path, name + ".torrent"), await TorrentCreator.CreateAsync(path, options, null, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }

            await using Worker worker = await Worker.StartAsync("idle", folder.Path, result.GetValue(seconds).ToString(CultureInfo.InvariantCulture), result.GetValue(progress).ToString()).ConfigureAwait(false);
            IdleRun empty = await worker.RunAsync<IdleRun>(TimeSpan.FromMinutes(2)).ConfigureAwait(false);
            await Task.Delay(Settle, cancellationToken).ConfigureAwait(false);
            IdleRun run = await worker.RunAsync<IdleRun>(TimeSpan.FromSeconds(result.GetValue(seconds) + 60)).ConfigureAwait(false);
            if (run.Torrents != count)
                throw new InvalidOperationException($"{count - run.Torrents} of {count} torrents were not seeded.");
            Console.WriteLine($"{count} torrents of {ByteSize.Show(result.GetValue(size))} in pieces of {ByteSize.Show(result.GetValue(pieceLength))}, {run.Seconds:0} s");
            Console.WriteLine(Machine.Description);
            Console.WriteLine();
            Console.Write(Table(empty, run).ToString(result.GetValue(markdown)));
            return 0;
        });
        return command;
    }

    private static TextTable Table(IdleRun empty, IdleRun run)
    {
        var table = new TextTable("idle", "value");
        table.Add("% of a core", Statistics.Show(100 * run.CpuSeconds / run.Seconds));
        table.Add("work items a second", Statistics.Show(run.WorkItems / run.Seconds, 0));
        table.Add("KiB allocated a second", Statistics.Show(run.AllocatedBytes / run.Seconds / 1024, 1));
        table.Add("managed heap, KiB a torrent", Statistics.Show((double)(run.HeapBytes - empty.HeapBytes) / run.Torrents / 1024, 1));
        if (run.AnonymousBytes > 0)
            table.Add("anonymous memory, KiB a torrent", Statistics.Show((double)(run.AnonymousBytes - empty.AnonymousBytes) / run.Torrents / 1024, 1));
        table.Add("anonymous MiB in all", Statistics.Show(run.AnonymousBytes / Statistics.MiB, 1));
        table.Add("threads", Statistics.Show(run.Threads, 0));
        return table;
    }
}
