using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Scale;

/// <summary>Several clients of the engine in one process that seed the same data, each with its own limit; the greeting is their ports.</summary>
internal static class PeerSeeders
{
    public static async Task ServeAsync(string torrent, string folder, long[] limits)
    {
        var info = new TorrentInfo(Torrent.Parse(await File.ReadAllBytesAsync(torrent).ConfigureAwait(false)));
        using var stop = new CancellationTokenSource();
        List<TorrentClient> clients = [];
        List<Task<TorrentDownload>> seeding = [];
        foreach (long limit in limits)
        {
            var client = new TorrentClient(new TorrentClientOptions { Port = 0, Encryption = EncryptionMode.Off });
            clients.Add(client);
            seeding.Add(client.DownloadAsync(info, new DownloadOptions { Destination = folder, Sources = [], SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan, UploadLimit = limit }, null, stop.Token));
            while (client.ListenPort == 0 && !seeding[^1].IsCompleted)
                await Task.Delay(10, CancellationToken.None).ConfigureAwait(false);
            if (seeding[^1].IsCompleted)
                throw new InvalidOperationException((await seeding[^1].ConfigureAwait(false)).Error);
        }

        await Worker.ServeAsync(string.Join(',', clients.Select(client => client.ListenPort)), () => Task.FromResult<object>(0)).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(seeding).ConfigureAwait(false);
        foreach (TorrentClient client in clients)
            await client.DisposeAsync().ConfigureAwait(false);
    }
}
