using System.Globalization;
using TorrentPS.Benchmarks.Measuring;
using TorrentPS.Engine;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Floor;

/// <summary>A client of the engine that seeds; its greeting is its port.</summary>
internal static class EngineSeeder
{
    public static async Task ServeAsync(string torrent, string folder, EncryptionMode encryption)
    {
        var info = new TorrentInfo(Torrent.Parse(await File.ReadAllBytesAsync(torrent).ConfigureAwait(false)));
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0, Encryption = encryption });
        using var stop = new CancellationTokenSource();
        Task<TorrentDownload> seeding = client.DownloadAsync(info, new DownloadOptions { Destination = folder, Sources = [], SeedOnly = true, SeedTime = Timeout.InfiniteTimeSpan }, null, stop.Token);
        while (client.ListenPort == 0 && !seeding.IsCompleted)
            await Task.Delay(20, CancellationToken.None).ConfigureAwait(false);
        if (seeding.IsCompleted)
            throw new InvalidOperationException((await seeding.ConfigureAwait(false)).Error);
        await Worker.ServeAsync(client.ListenPort.ToString(CultureInfo.InvariantCulture), () => Task.FromResult<object>(0)).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await seeding.ConfigureAwait(false);
    }
}
