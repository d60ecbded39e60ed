using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;

namespace TorrentPS.Engine;

/// <summary>One transfer from its start to its end: first the resolution of the magnet link, if any, then the torrent.</summary>
/// <param name="services">The services shared by all torrents of the client.</param>
/// <param name="torrent">The known part of the torrent.</param>
/// <param name="options">The options.</param>
/// <param name="control">Control from outside.</param>
/// <param name="progress">Receives snapshots.</param>
internal sealed class TransferRun(SwarmServices services, Torrent torrent, DownloadOptions options, TransferControl control, IProgress<TorrentDownload>? progress)
{
    private readonly long _startedAt = services.Options.TimeProvider.GetTimestamp();
    private volatile Torrent _torrent = torrent;
    private volatile MetadataSession? _resolving;
    private volatile TorrentSession? _session;
    private volatile TorrentDownload? _result;

    /// <summary>The torrent, with its metadata once that is known.</summary>
    public Torrent Torrent => _torrent;

    private TimeProvider Time => services.Options.TimeProvider;

    /// <summary>A snapshot. From any thread.</summary>
    public TorrentDownload Snapshot() => _result ?? _session?.Snapshot() ?? Paused(_resolving?.Snapshot() ?? new TorrentDownload
    {
        Name = _torrent.Name,
        InfoHash = _torrent.InfoHash.ToString(),
        State = _torrent.HasMetadata ? TorrentState.Checking : TorrentState.Resolving,
        Path = options.Destination,
        Length = _torrent.Length,
        BytesWanted = _torrent.Length,
        Elapsed = Time.GetElapsedTime(_startedAt),
    });

    /// <summary>Runs the transfer. Never throws for failures of the torrent, the peers or the disk.</summary>
    public async Task<TorrentDownload> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return _result = await RunToEndAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            control.End();
        }
    }

    private async Task<TorrentDownload> RunToEndAsync(CancellationToken cancellationToken)
    {
        ResolvedTorrent? resolved = null;
        if (!_torrent.HasMetadata)
        {
            (resolved, TorrentDownload? failed) = await ResolveAsync(cancellationToken).ConfigureAwait(false);
            if (resolved is null)
                return failed!;
            _torrent = resolved.Torrent;
        }

        var session = new TorrentSession(services, _torrent, options, progress, control, resolved);
        await using (session.ConfigureAwait(false))
        {
            _session = session;
            return await session.RunAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The first part of a magnet link's transfer: returns the torrent, or the result if there is none. A pause ends the search, which starts again on resumption.
    /// </summary>
    private async Task<(ResolvedTorrent? Resolved, TorrentDownload? Failed)> ResolveAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                if (control.IsPaused)
                    await WaitWhilePausedAsync(cancellationToken).ConfigureAwait(false);
                if (await TryResolveAsync(cancellationToken).ConfigureAwait(false) is { } resolved)
                    return (resolved, null);
            }
        }
        catch (TorrentException e)
        {
            TorrentState state = e.ErrorId == TorrentErrorId.MetadataTimedOut ? TorrentState.TimedOut : TorrentState.Failed;
            return (null, Snapshot() with { State = state, ErrorId = e.ErrorId, Error = e.Message });
        }
        catch (OperationCanceledException)
        {
            return (null, Snapshot() with
            {
                State = TorrentState.Stopped,
                ErrorId = TorrentErrorId.DownloadStopped,
                Error = "The download was stopped before its metadata was received. Run the same command to start again.",
            });
        }
    }

    private async Task WaitWhilePausedAsync(CancellationToken cancellationToken)
    {
        progress?.Report(Snapshot());
        TimeSpan left = options.Timeout is { } limit && limit <= EndConditions.LongestTimer
            ? TimeSpan.FromTicks(Math.Max(0, (limit - Time.GetElapsedTime(_startedAt)).Ticks))
            : Timeout.InfiniteTimeSpan;
        try
        {
            await control.WhenResumed.WaitAsync(left, Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TorrentException(TorrentErrorId.MetadataTimedOut, $"The metadata of '{_torrent.Name}' was not received within {options.Timeout!.Value.TotalSeconds:0.#} s: it was paused. Try again later, or wait longer.");
        }
    }

    /// <summary>Resolves the link; null if a pause comes first.</summary>
    private async Task<ResolvedTorrent?> TryResolveAsync(CancellationToken cancellationToken)
    {
        using var session = new MetadataSession(services, _torrent, ResolveOptions(), progress, options.Destination, _startedAt);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _resolving = session;
        control.SetQuiet(false);
        try
        {
            Task<ResolvedTorrent> resolving = session.RunAsync(handsOver: true, either.Token);
            if (await Task.WhenAny(resolving, control.WhenPaused).ConfigureAwait(false) != resolving)
                await either.CancelAsync().ConfigureAwait(false);
            return await resolving.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            control.SetQuiet(true);
        }
    }

    private ResolveOptions ResolveOptions() => new()
    {
        Peers = options.Peers,
        PeerNames = options.PeerNames,
        OnError = options.OnError,
        Sources = options.Sources,
        Port = options.Port,
        Encryption = options.Encryption,
        Transport = options.Transport,
        Log = options.Log,
        MaxPeers = Math.Min(options.MaxPeers, new ResolveOptions().MaxPeers),
        Timeout = options.Timeout ?? (options.StallTimeout is null ? Time.GetElapsedTime(_startedAt) + Swarm.Metadata.ResolveOptions.DefaultTimeout : null),
        StallTimeout = options.StallTimeout,
    };

    private TorrentDownload Paused(TorrentDownload snapshot) => control.IsPaused ? snapshot with { State = TorrentState.Paused } : snapshot;
}
