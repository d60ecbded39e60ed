using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;

namespace TorrentPS.Engine;

/// <summary>
/// The BitTorrent client that the module and the tool call. A client has one listener, one buffer pool and one set of connection limits for all its torrents.
/// Thread-safe.
/// </summary>
public sealed partial class TorrentClient : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly HashSet<Task> _running = [];
    private readonly UdpPorts _ports;
    private SwarmServices? _services;
    private bool _isDisposed;

    /// <summary>Creates a client; nothing is opened before it is needed.</summary>
    /// <param name="options">The options for all operations; null means the defaults.</param>
    public TorrentClient(TorrentClientOptions? options = null)
    {
        Options = options ?? new TorrentClientOptions();
        _ports = new UdpPorts(Options.Filter, Options.Binding, Options.Log, Options.TrafficClass);
    }

    /// <summary>The options for all operations.</summary>
    public TorrentClientOptions Options { get; }

    /// <summary>
    /// Downloads a torrent, and uploads meanwhile. Ends when all wanted data is verified and on disk (and the seeding goal is reached), when it times out, stalls or
    /// fails, or when it is cancelled; the result says which. Downloaded data is kept, and the same call resumes. For a magnet link, the metadata comes from peers first.
    /// </summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="options">The options.</param>
    /// <param name="progress">Receives a snapshot about every 200 ms, or every second while seeding without uploads; from any thread.</param>
    /// <param name="cancellationToken">Stops it: <c>stopped</c> is announced, resume data is saved, and the result's state is Stopped. Does not throw.</param>
    public async Task<TorrentDownload> DownloadAsync(TorrentInfo torrent, DownloadOptions options, IProgress<TorrentDownload>? progress = null, CancellationToken cancellationToken = default)
    {
        TorrentTransfer transfer = StartDownload(torrent, options, progress, cancellationToken);
        await using (transfer.ConfigureAwait(false))
            return await transfer.Completion.ConfigureAwait(false);
    }

    /// <summary>
    /// Starts to download a torrent, and returns at once. It uploads while it downloads. It ends when everything wanted is verified and on disk (and seeded as
    /// requested), when it times out, stalls, fails or is stopped; the result has the reason. If the torrent is only a magnet link, the metadata is fetched from peers
    /// first.
    /// </summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="options">The options.</param>
    /// <param name="progress">Receives a snapshot about every 200 ms, every second while idle; from any thread.</param>
    /// <param name="cancellationToken">Stops it, as <see cref="TorrentTransfer.Stop"/>.</param>
    /// <returns>The transfer, which continues to its end whether it is referenced or not.</returns>
    /// <exception cref="ObjectDisposedException">The client has been disposed.</exception>
    public TorrentTransfer StartDownload(TorrentInfo torrent, DownloadOptions options, IProgress<TorrentDownload>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(torrent);
        ArgumentNullException.ThrowIfNull(options);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        SwarmServices services = Services(ended.Task);
        return new TorrentTransfer(services, torrent, options, progress, () => EndAsync(ended), cancellationToken, _ending.Token);
    }

    /// <summary>Starts to upload existing data, and returns at once. The data must be complete, and is never written to.</summary>
    /// <param name="torrent">The torrent.</param>
    /// <param name="options">The options; <see cref="DownloadOptions.SeedOnly"/> is taken as true.</param>
    /// <param name="progress">Receives snapshots, as for a download.</param>
    /// <param name="cancellationToken">Stops it, as <see cref="TorrentTransfer.Stop"/>.</param>
    /// <returns>The transfer, which continues to its end whether it is referenced or not.</returns>
    /// <exception cref="ObjectDisposedException">The client has been disposed.</exception>
    public TorrentTransfer StartSeed(TorrentInfo torrent, DownloadOptions options, IProgress<TorrentDownload>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return StartDownload(torrent, options with { SeedOnly = true }, progress, cancellationToken);
    }

    /// <summary>The port for incoming peer connections while a torrent is downloading or seeding; otherwise 0.</summary>
    public int ListenPort
    {
        get
        {
            lock (_lock)
                return _services?.Incoming.Port ?? 0;
        }
    }

    /// <summary>The shared services, for another user that runs until a task ends.</summary>
    private SwarmServices Services(Task running)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _running.Add(running);
            if (_services is null && Options.TrafficClass is { } trafficClass && trafficClass.Refusal() is { } reason)
                Options.OnWarning?.Invoke($"Packets are not marked with the traffic class {trafficClass}: {reason}. Everything else works without.");
            return _services ??= new SwarmServices(Options.ForSwarms(), Discoveries, _ports);
        }
    }

    private async Task EndAsync(TaskCompletionSource running)
    {
        try
        {
            SwarmServices? idle;
            lock (_lock)
            {
                _running.Remove(running.Task);
                idle = _running.Count == 0 ? _services : null;
            }

            if (idle is not null)
                await idle.Incoming.CloseUnusedAsync().ConfigureAwait(false);
        }
        finally
        {
            running.SetResult();
        }
    }

    /// <summary>Stops running downloads like a cancellation, and waits for them; then closes the listener and ends the disk threads.</summary>
    public async ValueTask DisposeAsync()
    {
        SwarmServices? services;
        Task[] running;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            services = _services;
            running = [.. _running];
        }

        await _ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(false);
        _ending.Dispose();
        if (services is not null)
            await services.DisposeAsync().ConfigureAwait(false);
        await CloseProbeAsync().ConfigureAwait(false);
        if (_discoveries is not null)
            await _discoveries.DisposeAsync().ConfigureAwait(false);
        _trackers?.Dispose();
    }
}
