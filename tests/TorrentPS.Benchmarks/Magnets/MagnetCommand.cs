using System.CommandLine;
using System.Diagnostics;
using System.Net;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Benchmarks.Magnets;

/// <summary><c>magnet</c>: how long a new client takes from a magnet link to the metadata, in a swarm on loopback.</summary>
internal static class MagnetCommand
{
    private const int Seeders = 3;

    public static Command Create()
    {
        Option<long> size = MeasureOptions.Size(), pieceLength = MeasureOptions.PieceLength();
        Option<int> rounds = MeasureOptions.Rounds(25);
        Option<bool> markdown = MeasureOptions.Markdown();
        var command = new Command("magnet", "Measure the time from a magnet link to the metadata on loopback, by the link's peers and by a tracker.") { size, pieceLength, rounds, markdown };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var folder = WorkFolder.Create("magnet");
            TextTable table = await MeasureAsync(folder, result.GetValue(size), (int)result.GetValue(pieceLength), result.GetValue(rounds), cancellationToken).ConfigureAwait(false);
            Console.Write(table.ToString(result.GetValue(markdown)));
            return 0;
        });
        return command;
    }

    private static async Task<TextTable> MeasureAsync(WorkFolder folder, long size, int pieceLength, int rounds, CancellationToken cancellationToken)
    {
        var tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0));
        await using (tracker.ConfigureAwait(false))
        {
            string file = Path.Combine(folder.Path, "payload");
            RandomFile.Write(file, size);
            byte[] bytes = await TorrentCreator.CreateAsync(file, new TorrentCreatorOptions { PieceLength = pieceLength, Trackers = [[tracker.AnnounceUri]] }, null, cancellationToken).ConfigureAwait(false);
            var torrent = new TorrentInfo(Torrent.Parse(bytes));
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            List<TorrentClient> clients = [];
            List<Task> seeding = [];
            for (int i = 0; i < Seeders; i++)
            {
                var client = new TorrentClient(new TorrentClientOptions { Port = 0 });
                clients.Add(client);
                seeding.Add(client.DownloadAsync(torrent, new DownloadOptions { Destination = folder.Path, Sources = [PeerSource.Tracker], SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan }, null, stop.Token));
            }

            try
            {
                while (clients.Exists(client => client.ListenPort == 0))
                    await Task.Delay(50, cancellationToken).ConfigureAwait(false);
                await Task.Delay(500, cancellationToken).ConfigureAwait(false); // until they have announced themselves
                string link = $"magnet:?xt=urn:btih:{torrent.InfoHash}";
                var table = new TextTable($"{torrent.Torrent.InfoBytes.Length:N0} bytes of metadata from", "median ms", "worst ms");
                Add(table, "a peer of the link", await ResolveAsync($"{link}&x.pe=127.0.0.1:{clients[0].ListenPort}", PeerSource.Manual, rounds, cancellationToken).ConfigureAwait(false));
                Add(table, $"{Seeders} peers of a tracker", await ResolveAsync($"{link}&tr={Uri.EscapeDataString(tracker.AnnounceUri.OriginalString)}", PeerSource.Tracker, rounds, cancellationToken).ConfigureAwait(false));
                return table;
            }
            finally
            {
                await stop.CancelAsync().ConfigureAwait(false);
                await Task.WhenAll(seeding).ConfigureAwait(false);
                foreach (TorrentClient client in clients)
                    await client.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Milliseconds of each round, with a new client in each.</summary>
    private static async Task<List<double>> ResolveAsync(string link, PeerSource source, int rounds, CancellationToken cancellationToken)
    {
        List<double> times = [];
        for (int i = 0; i <= rounds; i++)
        {
            var client = new TorrentClient(new TorrentClientOptions { Port = 0 });
            await using (client.ConfigureAwait(false))
            {
                long startedAt = Stopwatch.GetTimestamp();
                await client.ResolveAsync(MagnetLink.Parse(link), new ResolveOptions { Sources = [source] }, null, cancellationToken).ConfigureAwait(false);
                if (i > 0) // the first is that of the compiler
                    times.Add(Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds);
            }
        }

        return times;
    }

    private static void Add(TextTable table, string what, List<double> times) => table.Add(what, Statistics.ShowMedian(times, 1), Statistics.Show(times.Max(), 1));
}
