using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>Applies changes to a run: pauses and resumes it, sets limits, priorities of files and deadlines of pieces. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="control">The source of the changes.</param>
/// <param name="roster">The peers.</param>
/// <param name="picker">The pieces.</param>
/// <param name="wanted">The wanted files.</param>
/// <param name="ending">Cancelled when the run ends.</param>
internal sealed class TransferSteering(SwarmRun run, TransferControl control, Roster<PeerSession> roster, PiecePicker picker, WantedFiles wanted, CancellationToken ending)
{
    private Task _storing = Task.CompletedTask;
    private TaskCompletionSource? _resumed;
    private double _pausedAt;

    /// <summary>The files that the storage stores.</summary>
    public required FileLayout Stored { get; init; }

    /// <summary>The storage, for files that become wanted.</summary>
    public required IPieceStorage Storage { get; init; }

    /// <summary>Requests blocks.</summary>
    public required BlockRequests Requests { get; init; }

    /// <summary>Requests hashes of pieces that become wanted; null for a v1 torrent.</summary>
    public required HashExchange? Hashes { get; init; }

    /// <summary>Serves peers.</summary>
    public required PeerUpload Upload { get; init; }

    /// <summary>The download limit.</summary>
    public required RateLimiter DownloadLimiter { get; init; }

    /// <summary>The upload limit.</summary>
    public required RateLimiter UploadLimiter { get; init; }

    /// <summary>The conditions that end the run.</summary>
    public required EndConditions Conditions { get; init; }

    /// <summary>The transfer counters.</summary>
    public required TransferCounters Counters { get; init; }

    /// <summary>Called when other files are wanted, or wanted ones were found complete: other pieces than before may be missing, or none.</summary>
    public required Action<IReadOnlyCollection<int>> WantedChanged { get; init; }

    /// <summary>Runs an action on the loop, soon.</summary>
    public void Post(Action action) => run.Loop.Enqueue(static action => ((Action)action!)(), action);

    /// <exception cref="OperationCanceledException">The run ends, or how it ends is decided: a file wanted after that would not be in its result.</exception>
    public void ThrowIfEnding()
    {
        ending.ThrowIfCancellationRequested();
        if (run.End.Ending.IsCompleted)
            throw new OperationCanceledException();
    }

    /// <summary>Accepts messages from now on.</summary>
    public void Begin()
    {
        LimitsChanged();
        control.SetQuiet(false);
        control.Attach(this);
        PauseChanged();
    }

    /// <summary>Waits while it is paused; false if it ends before it is resumed.</summary>
    public async Task<bool> WaitWhilePausedAsync()
    {
        while (run.IsPaused && !run.End.Ending.IsCompleted)
            await Task.WhenAny(_resumed!.Task, run.End.Ending);
        return !run.End.Ending.IsCompleted;
    }

    /// <summary>Accepts no more messages, and completes when its work is done.</summary>
    public async Task EndAsync()
    {
        control.Close();
        await _storing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>Limits have changed.</summary>
    public void LimitsChanged()
    {
        DownloadLimiter.OwnLimit = control.DownloadLimit;
        UploadLimiter.OwnLimit = control.UploadLimit;
        Upload.LimitChanged(control.UploadLimit);
    }

    /// <summary>Pauses or resumes.</summary>
    public void PauseChanged()
    {
        if (run.IsPaused == control.IsPaused || run.IsStopping)
            return;
        if (control.IsPaused)
            Pause();
        else
            Resume();
    }

    private void Pause()
    {
        run.IsPaused = true;
        _resumed = new TaskCompletionSource();
        _pausedAt = run.Now;
        run.Log("Paused: connections are closed, and none are made");
        foreach (PeerSession peer in roster.Peers)
            peer.Close(PeerClose.Paused);
        Requests.WebSeeds?.Interrupt();
        Counters.Waste(picker.AbandonUnfinishable([])); // their memory is needed by others
        control.SetQuiet(true);
    }

    private void Resume()
    {
        run.IsPaused = false;
        control.SetQuiet(false);
        run.LastProgressAt = run.Now;
        Conditions.Resumed(run.Now - _pausedAt);
        run.Log("Resumed");
        _resumed!.SetResult();
        if (run.IsUnderWay)
            roster.ConnectMore();
        Requests.WebSeeds?.Pulse();
    }

    /// <summary>Sets the priority of files. A file that was never wanted is created, unless there is another in its place.</summary>
    /// <param name="files">Their indexes.</param>
    /// <param name="priority">The priority.</param>
    /// <exception cref="ArgumentOutOfRangeException">A file does not exist.</exception>
    /// <exception cref="InvalidOperationException">The run only uploads.</exception>
    /// <exception cref="Errors.TorrentException">A file cannot be stored; nothing has changed.</exception>
    public async Task SetPriorityAsync(IReadOnlyCollection<int> files, FilePriority priority)
    {
        if (run.Options.SeedOnly)
            throw new InvalidOperationException("Every file of a seed is there: none has a priority.");
        foreach (int file in files)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)file, (uint)run.Torrent.Files.Count, nameof(files));
        while (!_storing.IsCompleted)
            await _storing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        ThrowIfEnding();
        Bitfield? found = null;
        int[] added = [.. files.Distinct().Where(file => !run.Torrent.Files[file].IsPadding && !Stored.IsWanted(file))];
        if (priority != FilePriority.Skip && added.Length > 0)
        {
            Bitfield have = picker.Have.Clone();
            Task<Bitfield> storing = Task.Run(() => Storage.StoreAsync(added, have, ending), CancellationToken.None);
            _storing = storing;
            found = await storing;
            ThrowIfEnding();
        }

        wanted.Set(files, priority);
        Apply(files, found);
    }

    private void Apply(IReadOnlyCollection<int> files, Bitfield? found)
    {
        List<int> changed = [.. files.Select(wanted.Layout.PiecesOf).SelectMany(pieces => Enumerable.Range(pieces.First, pieces.Last - pieces.First + 1)).Distinct()];
        List<int> there = [.. found?.All().Where(piece => picker[piece] == PieceState.NotWanted) ?? []];
        foreach (int piece in there)
            picker.Found(piece);
        IReadOnlyList<PeerState> sources = Requests.CurrentSources;
        foreach (int piece in changed)
            picker.Urgency.Set(piece, wanted.Of(piece));
        picker.Want(changed.Where(piece => wanted.Layout.WantedPieces[piece]), sources);
        foreach (OpenPiece piece in picker.Open.Where(piece => !wanted.Layout.WantedPieces[piece.Index] && piece is { Writer: null, Kept: null }).ToArray())
        {
            PieceAssembly.CancelAll(piece);
            Counters.Waste(picker.GiveUp(piece)); // a piece that is partly on disk is completed
        }

        picker.Unwant(changed.Where(piece => !wanted.Layout.WantedPieces[piece]), sources);
        Hashes?.Want(files);
        WantedChanged(there);
    }

    /// <summary>Sets the deadline of a missing piece, which precedes all others; null removes it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The piece does not exist.</exception>
    public Task SetDeadlineAsync(int piece, TimeSpan? deadline)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)piece, (uint)run.Torrent.PieceCount, nameof(piece));
        picker.Deadlines.Set(piece, deadline is { } time ? run.Now + time.TotalSeconds : null);
        Requests.AskAll();
        Requests.WebSeeds?.Pulse();
        return Task.CompletedTask;
    }
}
