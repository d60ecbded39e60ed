using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Swarm.Membership;

namespace TorrentPS.Engine;

/// <summary>
/// A download or a seed that was started: what it is doing, how it ended, and what it can be told meanwhile. Safe to use from several threads. After the end, everything can still be
/// asked, and nothing changed.
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

    /// <summary>The torrent; of a magnet link, with its metadata from when that is there.</summary>
    public TorrentInfo Torrent => _torrent.HasMetadata || !_run.Torrent.HasMetadata ? _torrent : _resolved ??= new TorrentInfo(_run.Torrent);

    /// <summary>What it was started with.</summary>
    public DownloadOptions Options { get; }

    /// <summary>
    /// Ends when it does, with the result. It fails only for what no transfer should bring about; what the torrent, the peers, the disk or <see cref="Stop"/> bring about is in
    /// the result.
    /// </summary>
    public Task<TorrentDownload> Completion { get; }

    /// <summary>Whether it is paused, or is about to be.</summary>
    public bool IsPaused => _control.IsPaused;

    /// <summary>
    /// Bytes a second to receive at most, besides the limits that it shares with others; 0 means no limit. May be changed at any time.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public long DownloadLimit
    {
        get => _control.DownloadLimit;
        set => _control.DownloadLimit = value;
    }

    /// <summary>
    /// Bytes a second to send at most, besides the limits that it shares with others; 0 means no limit. May be changed at any time.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public long UploadLimit
    {
        get => _control.UploadLimit;
        set => _control.UploadLimit = value;
    }

    /// <summary>How it is at the moment; after the end, the result.</summary>
    public TorrentDownload GetSnapshot() => _run.Snapshot();

    /// <summary>
    /// Pauses: closes all connections and makes none, so that no data is read, received or sent until <see cref="Resume"/>. Trackers go on hearing of it.
    /// <see cref="DownloadOptions.Timeout"/> goes on, the stall time-out and the time of seeding do not.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting, not the pause.</param>
    /// <returns>Ends when no data moves any more, and at once after the end of the transfer.</returns>
    public Task PauseAsync(CancellationToken cancellationToken = default) => _control.Pause().WaitAsync(cancellationToken);

    /// <summary>Goes on after a pause, from where it was. Does nothing when it is not paused.</summary>
    public void Resume() => _control.Resume();

    /// <summary>Stops it, as the token that it was started with does. <see cref="Completion"/> ends within a second or so.</summary>
    public void Stop()
    {
        try
        {
            _stopping.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    /// <summary>The connected peers.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>None while a magnet link is resolved, and after the end.</returns>
    public Task<IReadOnlyList<TransferPeer>> GetPeersAsync(CancellationToken cancellationToken = default) =>
        _control.LookAsync(static views => views?.Peers() ?? [], cancellationToken);

    /// <summary>The files of the torrent, padding left out, in their order.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>None while a magnet link is resolved.</returns>
    public async Task<IReadOnlyList<TransferFile>> GetFilesAsync(CancellationToken cancellationToken = default) =>
        (await _control.LookAsync(static views => views?.Files() ?? (() => []), cancellationToken).ConfigureAwait(false))();

    /// <summary>The pieces of the torrent, in their order. While what is on disk is checked, none is there yet.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>None while a magnet link is resolved.</returns>
    public async Task<IReadOnlyList<TransferPiece>> GetPiecesAsync(CancellationToken cancellationToken = default) =>
        (await _control.LookAsync(static views => views?.Pieces() ?? (() => []), cancellationToken).ConfigureAwait(false))();

    /// <summary>
    /// Sets how soon files are wanted. What is on disk of a file that is skipped stays there, and a piece of it that is partly written is finished; pieces that it shares with wanted
    /// files are downloaded. A file that was not wanted before is made first. When everything that is wanted is there, the download is complete.
    /// </summary>
    /// <param name="files">Their numbers in the torrent, as <see cref="TransferFile.Index"/>.</param>
    /// <param name="priority">How soon.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Ends when it is so; not before the metadata is there and what is on disk is checked.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such file.</exception>
    /// <exception cref="InvalidOperationException">It only uploads, or it has ended or ends before.</exception>
    /// <exception cref="TorrentException">A file cannot be made (FileExists, DataInUse, DiskFull, AccessDenied, UnsafePath); all is as before.</exception>
    public Task SetFilePriorityAsync(IReadOnlyCollection<int> files, FilePriority priority, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (!Enum.IsDefined(priority))
            throw new ArgumentOutOfRangeException(nameof(priority));
        int[] copy = [.. files];
        return _control.ChangeAsync(steering => steering.SetPriorityAsync(copy, priority), cancellationToken);
    }

    /// <summary>
    /// Sets in how long a piece is wanted. Pieces with a deadline are requested before all others, the first due first, each of all peers that have it; what would come too late is
    /// requested of a second peer. A deadline that passes ends nothing. Has no effect on a piece that is there, or in no wanted file.
    /// </summary>
    /// <param name="piece">Its number in the torrent, from 0.</param>
    /// <param name="deadline">In how long; null takes the deadline back.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Ends when it is so; not before the metadata is there and what is on disk is checked.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such piece.</exception>
    /// <exception cref="InvalidOperationException">It has ended, or ends before.</exception>
    public Task SetPieceDeadlineAsync(int piece, TimeSpan? deadline, CancellationToken cancellationToken = default) =>
        _control.ChangeAsync(steering => steering.SetDeadlineAsync(piece, deadline), cancellationToken);

    /// <summary>Stops it, and waits for the end.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<TorrentDownload> RunAsync(Func<Task> ended)
    {
        try
        {
            // Not on the caller's thread: opening the storage takes its time.
            return await Task.Run(() => _run.RunAsync(_stopping.Token), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            await ended().ConfigureAwait(false);
            _stopping.Dispose();
        }
    }
}
