using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;

namespace TorrentPS.Engine;

public sealed partial class TorrentClient
{
    /// <summary>Gets the metadata of a magnet link from peers (BEP 9), checks it against the link's hash, and parses it with the same limits as a file.</summary>
    /// <param name="link">The link.</param>
    /// <param name="options">The options; null means the defaults.</param>
    /// <param name="progress">Receives a snapshot about every 200 ms, from any thread.</param>
    /// <param name="cancellationToken">Cancels with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TorrentException">The metadata did not arrive in time (<c>MetadataTimedOut</c>), there was no peer to ask, or data with the right hash is not a
    /// torrent.</exception>
    public async Task<TorrentInfo> ResolveAsync(MagnetLink link, ResolveOptions? options = null, IProgress<TorrentDownload>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(link);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var session = new MetadataSession(Services(ended.Task), Torrent.FromLink(link), options ?? new ResolveOptions(), progress, "");
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
            ResolvedTorrent resolved = await session.RunAsync(handsOver: false, either.Token).ConfigureAwait(false);
            return new TorrentInfo(resolved.Torrent);
        }
        finally
        {
            _ = EndAsync(session, ended);
        }
    }

    /// <summary>The first part of a download: returns the torrent, or the final result if there is none.</summary>
    private static async Task<(ResolvedTorrent? Resolved, TorrentDownload? Failed)> ResolveAsync(SwarmServices services, Torrent torrent, DownloadOptions options, IProgress<TorrentDownload>? progress, CancellationToken cancellationToken)
    {
        var resolve = new ResolveOptions
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
            Timeout = options.Timeout ?? (options.StallTimeout is null ? ResolveOptions.DefaultTimeout : null),
            StallTimeout = options.StallTimeout,
        };
        using var session = new MetadataSession(services, torrent, resolve, progress, options.Destination);
        try
        {
            return (await session.RunAsync(handsOver: true, cancellationToken).ConfigureAwait(false), null);
        }
        catch (TorrentException e)
        {
            TorrentState state = e.ErrorId == TorrentErrorId.MetadataTimedOut ? TorrentState.TimedOut : TorrentState.Failed;
            return (null, session.Snapshot() with { State = state, ErrorId = e.ErrorId, Error = e.Message });
        }
        catch (OperationCanceledException)
        {
            return (null, session.Snapshot() with
            {
                State = TorrentState.Stopped,
                ErrorId = TorrentErrorId.DownloadStopped,
                Error = "The download was stopped before its metadata was received. Run the same command to start again.",
            });
        }
    }

    private async Task EndAsync(MetadataSession session, TaskCompletionSource ended)
    {
        try
        {
            await session.Ended.ConfigureAwait(false);
            session.Dispose();
        }
        finally
        {
            await EndAsync(ended).ConfigureAwait(false);
        }
    }
}
