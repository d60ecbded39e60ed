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
