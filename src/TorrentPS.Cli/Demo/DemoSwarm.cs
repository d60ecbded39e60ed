using System.Diagnostics;
using System.Net;
using TorrentPS.Cli.Output;
using TorrentPS.Engine;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Creating;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Cli.Demo;

/// <summary>A whole swarm in one process: a tracker, seeders, and a download. It uses only the engine's public API.</summary>
internal sealed class DemoSwarm(Terminal terminal, string folder)
{
    private const int SeederCount = 3;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    // Only the tracker: nothing is announced outside this machine.
    private static readonly PeerSource[] s_sources = [PeerSource.Tracker];

    private readonly DemoLog _log = new(terminal);
    private readonly long _started = Stopwatch.GetTimestamp();

    public async Task<ExitCode> RunAsync(CancellationToken cancellationToken)
    {
        DemoPayload payload = await DemoPayload.MakeAsync(Path.Combine(folder, "seeders", "demo"), cancellationToken).ConfigureAwait(false);
        _log.Step("Payload", $"{Quantity.Size(payload.Length)} of random bytes in {Quantity.Count(DemoPayload.FileCount, "file")}");

        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0));
        _log.Step("Tracker", $"listens on {tracker.AnnounceUri}");

        TorrentInfo torrent = await MakeTorrentAsync(payload, tracker.AnnounceUri, cancellationToken).ConfigureAwait(false);
        _log.Step("Torrent", $"{torrent.InfoHash}, {Quantity.Count(torrent.PieceCount, "piece")} of {Quantity.Size(torrent.PieceLength)}");

        using var stopSeeders = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<DemoSeeder> seeders = [];
        try
        {
            for (int i = 0; i < SeederCount; i++)
                seeders.Add(new DemoSeeder(torrent, Path.Combine(folder, "seeders"), s_sources, stopSeeders.Token));
            await Task.WhenAll(seeders.Select(seeder => seeder.Ready)).WaitAsync(s_patience, cancellationToken).ConfigureAwait(false);
            _log.Step("Seeders", $"{SeederCount} have checked their data and wait for peers");
            return await DownloadAsync(payload, torrent, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TorrentException(TorrentErrorId.DownloadTimedOut, $"The seeders were not ready within {s_patience.TotalSeconds:0} seconds");
        }
        finally
        {
            await stopSeeders.CancelAsync().ConfigureAwait(false);
            foreach (DemoSeeder seeder in seeders)
                await seeder.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<TorrentInfo> MakeTorrentAsync(DemoPayload payload, Uri tracker, CancellationToken cancellationToken)
    {
        var options = new TorrentCreatorOptions { Trackers = [[tracker]], PieceLength = 256 << 10, Comment = "Made by torrentps demo" };
        byte[] bytes = await TorrentCreator.CreateAsync(payload.Folder, options, progress: null, cancellationToken).ConfigureAwait(false);
        string path = Path.Combine(folder, "demo.torrent");
        await File.WriteAllBytesAsync(path, bytes, cancellationToken).ConfigureAwait(false);
        return await TorrentSource.ReadAsync(path, null, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ExitCode> DownloadAsync(DemoPayload payload, TorrentInfo torrent, CancellationToken cancellationToken)
    {
        await using var client = new TorrentClient(new TorrentClientOptions { Port = 0 });
        await FindPeersAsync(client, torrent, cancellationToken).ConfigureAwait(false);

        var options = new DownloadOptions { Destination = Path.Combine(folder, "download"), Sources = s_sources, Timeout = s_patience };
        TorrentDownload download = terminal is { IsErrorTerminal: true, IsOutTerminal: true }
            ? await ProgressDisplay.RunAsync(terminal, torrent.Name, progress => client.StartDownload(torrent, options, progress, cancellationToken)).ConfigureAwait(false)
            : await client.StartDownload(torrent, options, progress: null, cancellationToken).Completion.ConfigureAwait(false);
        if (download.State != TorrentState.Completed)
        {
            _log.Result(false, $"The download ended as {download.State}");
            return DownloadReport.End(terminal, download, seeds: false, cancellationToken);
        }
        _log.Step("Download", $"{Quantity.Size(download.Downloaded)} in {Quantity.Duration(download.Elapsed)}, {Quantity.Rate(download.DownloadRate)}, from {Quantity.Count(download.PeersSeen, "peer")}");

        List<string> different = await payload.CompareAsync(download.Path, cancellationToken).ConfigureAwait(false);
        foreach (string path in different)
            _log.Detail($"differs: {path}");
        if (different.Count > 0)
        {
            _log.Result(false, $"{different.Count} of {Quantity.Count(DemoPayload.FileCount, "file")} differ from the originals");
            return ExitCode.DataMismatch;
        }
        _log.Step("Compare", $"SHA-256 of all {Quantity.Count(DemoPayload.FileCount, "file")} is that of the originals");
        _log.Result(true, $"completed in {Quantity.Duration(Stopwatch.GetElapsedTime(_started))}");
        return ExitCode.Done;
    }

    private async Task FindPeersAsync(TorrentClient client, TorrentInfo torrent, CancellationToken cancellationToken)
    {
        List<TorrentPeer> peers = [];
        var options = new PeerSearchOptions { Sources = s_sources, MaxPeers = SeederCount, Timeout = s_patience, OnError = error => terminal.WriteError(error) };
        await foreach (TorrentPeer peer in client.FindPeersAsync(torrent, options, cancellationToken).ConfigureAwait(false))
            peers.Add(peer);
        if (peers.Count == 0)
            throw new TorrentException(TorrentErrorId.NoPeers, "The demonstration's tracker named no peer");
        _log.Step("Peers", $"{Quantity.Count(peers.Count, "peer")} named by the tracker");

        foreach (TorrentPeer peer in peers)
        {
            if (!InfoHash.TryParse(peer.InfoHash, out InfoHash infoHash))
                continue;
            PeerHandshake handshake = await client.TestHandshakeAsync(new IPEndPoint(IPAddress.Parse(peer.Address), peer.Port), infoHash, options: null, cancellationToken).ConfigureAwait(false);
            string latency = handshake.Latency is { } time ? $" in {Quantity.Duration(time)}" : "";
            _log.Detail($"{handshake.EndPoint} {handshake.Status}{latency} {handshake.Client ?? handshake.Error}");
        }
    }
}
