using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine;

/// <summary>
/// A running or ended download or seed: its state, its result and its control. Thread-safe. After the end, its state can still be read, but not changed.
/// </summary>
public sealed class TorrentTransfer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping;
    private readonly TransferControl _control;
    private readonly TransferRun _run;
    private readonly TorrentInfo _torrent;
    private volatile TorrentInfo? _resolved;

    internal TorrentTransfer(SwarmServices services, TorrentInfo torrent, DownloadOptions options, IProgress<TorrentDownload>? progress, Func<Task> ended, params ReadOnlySpan<CancellationToken> stopping)
    {
        (_torrent, Options) = (torrent, options);
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _control = new TransferControl(options);
        _run = new TransferRun(services, torrent.Torrent, options, _control, progress);
        Completion = RunAsync(ended);
    }

    /// <summary>The torrent; for a magnet link, with its metadata once that is known.</summary>
    public TorrentInfo Torrent => _torrent.HasMetadata || !_run.Torrent.HasMetadata ? _torrent : _resolved ??= new TorrentInfo(_run.Torrent);

    /// <summary>The options with which it was started.</summary>
    public DownloadOptions Options { get; }

    /// <summary>
    /// Completes at its end, with the result. It fails only through unexpected faults; failures of the torrent, the peers or the disk, and <see cref="Stop"/>, are in the
    /// result.
    /// </summary>
    public Task<TorrentDownload> Completion { get; }

    /// <summary>Whether a pause was requested.</summary>
    public bool IsPaused => _control.IsPaused;

    /// <summary>
    /// The download limit in bytes per second, besides limits shared with others; 0 means no limit. May be changed at any time.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long DownloadLimit
    {
        get => _control.DownloadLimit;
        set => _control.DownloadLimit = value;
    }

    /// <summary>
    /// The upload limit in bytes per second, besides limits shared with others; 0 means no limit. May be changed at any time.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long UploadLimit
    {
        get => _control.UploadLimit;
        set => _control.UploadLimit = value;
    }

    /// <summary>Returns a snapshot; after the end, the result.</summary>
    public TorrentDownload GetSnapshot() => _run.Snapshot();

    /// <summary>
    /// Pauses: closes all connections and opens none, so that no data is read, received or sent until <see cref="Resume"/>. Announces to trackers continue. <see
    /// cref="DownloadOptions.Timeout"/> continues; the stall time-out and the seeding time do not.
    /// </summary>
    /// <param name="cancellationToken">Cancels the wait, not the pause.</param>
    /// <returns>Completes when no more data moves, and at once after the end of the transfer.</returns>
    public Task PauseAsync(CancellationToken cancellationToken = default) => _control.Pause().WaitAsync(cancellationToken);

    /// <summary>Resumes after a pause. Has no effect while it is not paused.</summary>
    public void Resume() => _control.Resume();

    /// <summary>Stops it, like the token with which it was started. <see cref="Completion"/> completes within about a second.</summary>
    public void Stop()
    {
        try
        {
            _stopping.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The transfer has ended.
        }
    }

    /// <summary>The connected peers.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The peers; none while a magnet link is resolved, and after the end.</returns>
    public Task<IReadOnlyList<TransferPeer>> GetPeersAsync(CancellationToken cancellationToken = default) =>
        _control.LookAsync(static views => views?.Peers() ?? [], cancellationToken);

    /// <summary>The files of the torrent in order, without padding.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The files; none while a magnet link is resolved.</returns>
    public async Task<IReadOnlyList<TransferFile>> GetFilesAsync(CancellationToken cancellationToken = default) =>
        (await _control.LookAsync(static views => views?.Files() ?? (() => []), cancellationToken).ConfigureAwait(false))();

    /// <summary>The pieces of the torrent in order. While data on disk is verified, all are missing.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The pieces; none while a magnet link is resolved.</returns>
    public async Task<IReadOnlyList<TransferPiece>> GetPiecesAsync(CancellationToken cancellationToken = default) =>
        (await _control.LookAsync(static views => views?.Pieces() ?? (() => []), cancellationToken).ConfigureAwait(false))();

    /// <summary>
    /// Sets the priority of files. Data of a skipped file stays on disk, its incomplete pieces on disk are completed, and pieces shared with wanted files are downloaded.
    /// A file that was not wanted before is created first. When everything wanted is complete, so is the download.
    /// </summary>
    /// <param name="files">Their indexes in the torrent, as <see cref="TransferFile.Index"/>.</param>
    /// <param name="priority">The priority.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Completes when the change is made; not before the metadata is known and data on disk is verified.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A file does not exist.</exception>
    /// <exception cref="InvalidOperationException">It only uploads, or it has ended or ends before the change.</exception>
    /// <exception cref="TorrentException">A file cannot be created (FileExists, DataInUse, DiskFull, AccessDenied, UnsafePath); nothing has changed.</exception>
    public Task SetFilePriorityAsync(IReadOnlyCollection<int> files, FilePriority priority, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (!Enum.IsDefined(priority))
            throw new ArgumentOutOfRangeException(nameof(priority));
        int[] copy = [.. files];
        return _control.ChangeAsync(steering => steering.SetPriorityAsync(copy, priority), cancellationToken);
    }

    /// <summary>
    /// Sets a deadline for a piece. Pieces with a deadline are requested before all others, the first due first, each from all peers that have it; blocks that would
    /// arrive too late are requested from a second peer. A missed deadline ends nothing. Has no effect on a complete piece, or one in no wanted file.
    /// </summary>
    /// <param name="piece">Its index in the torrent, from 0.</param>
    /// <param name="deadline">The time until the deadline; null removes it.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Completes when the change is made; not before the metadata is known and data on disk is verified.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The piece does not exist.</exception>
    /// <exception cref="InvalidOperationException">It has ended, or ends before the change.</exception>
    public Task SetPieceDeadlineAsync(int piece, TimeSpan? deadline, CancellationToken cancellationToken = default) =>
        _control.ChangeAsync(steering => steering.SetDeadlineAsync(piece, deadline), cancellationToken);

    /// <summary>Stops it, and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<TorrentDownload> RunAsync(Func<Task> ended)
    {
        try
        {
            // Not on the caller's thread, since opening the storage takes time.
            return await Task.Run(() => _run.RunAsync(_stopping.Token), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            await ended().ConfigureAwait(false);
            _stopping.Dispose();
        }
    }
}
