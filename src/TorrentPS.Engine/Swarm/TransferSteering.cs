using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>Changes a run as it is told from outside: pauses it and goes on, sets limits, priorities of files and deadlines of pieces. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="control">What it is told.</param>
/// <param name="roster">The peers.</param>
/// <param name="picker">The pieces.</param>
/// <param name="wanted">Which files are wanted.</param>
/// <param name="ending">Is cancelled when the run ends.</param>
internal sealed class TransferSteering(SwarmRun run, TransferControl control, Roster<PeerSession> roster, PiecePicker picker, WantedFiles wanted, CancellationToken ending)
{
    private Task _storing = Task.CompletedTask;
    private TaskCompletionSource? _resumed;
    private double _pausedAt;

    /// <summary>Which files the storage keeps.</summary>
    public required FileLayout Stored { get; init; }

    /// <summary>Where files that come to be wanted are kept.</summary>
    public required IPieceStorage Storage { get; init; }

    /// <summary>Asks for blocks.</summary>
    public required BlockRequests Requests { get; init; }

    /// <summary>Gets hashes of pieces that come to be wanted; null for a v1 torrent.</summary>
    public required HashExchange? Hashes { get; init; }

    /// <summary>Which peers are sent data.</summary>
    public required PeerUpload Upload { get; init; }

    /// <summary>How fast data may come.</summary>
    public required RateLimiter DownloadLimiter { get; init; }

    /// <summary>How fast data may be sent.</summary>
    public required RateLimiter UploadLimiter { get; init; }

    /// <summary>When the run ends by itself.</summary>
    public required EndConditions Conditions { get; init; }

    /// <summary>What was received.</summary>
    public required TransferCounters Counters { get; init; }

    /// <summary>Is told that other files are wanted, or that some that are were found to be there: other pieces than before may be missing, or none.</summary>
    public required Action<IReadOnlyCollection<int>> WantedChanged { get; init; }

    /// <summary>Has the loop do something, soon.</summary>
    public void Post(Action action) => run.Loop.Enqueue(static action => ((Action)action!)(), action);

    /// <exception cref="OperationCanceledException">The run ends.</exception>
    public void ThrowIfEnding() => ending.ThrowIfCancellationRequested();

    /// <summary>Takes messages from now on.</summary>
    public void Begin()
    {
        LimitsChanged();
        control.SetQuiet(false);
        control.Attach(this);
        PauseChanged();
    }

    /// <summary>Waits while it is paused; false when it ends before it goes on.</summary>
    public async Task<bool> WaitWhilePausedAsync()
    {
        while (run.IsPaused && !run.End.Ending.IsCompleted)
            await Task.WhenAny(_resumed!.Task, run.End.Ending);
        return !run.End.Ending.IsCompleted;
    }

    /// <summary>Takes no more messages, and ends when what it was doing is done.</summary>
    public async Task EndAsync()
    {
        control.Close();
        await _storing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>Limits are others.</summary>
    public void LimitsChanged()
    {
        DownloadLimiter.OwnLimit = control.DownloadLimit;
        UploadLimiter.OwnLimit = control.UploadLimit;
        Upload.LimitChanged(control.UploadLimit);
    }

    /// <summary>Pauses, or goes on.</summary>
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
        Counters.Waste(picker.AbandonUnfinishable([])); // their memory is others'
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

    /// <summary>Sets how soon files are wanted. A file that was never wanted is made, where there is no other in its place.</summary>
    /// <param name="files">Their numbers.</param>
    /// <param name="priority">How soon.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such file.</exception>
    /// <exception cref="InvalidOperationException">The run only uploads.</exception>
    /// <exception cref="Errors.TorrentException">A file cannot be kept where it belongs; all is as before.</exception>
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
            Counters.Waste(picker.GiveUp(piece)); // one that is partly on the disk is finished
        }

        picker.Unwant(changed.Where(piece => !wanted.Layout.WantedPieces[piece]), sources);
        Hashes?.Want(files);
        WantedChanged(there);
    }

    /// <summary>Sets in how long a missing piece is wanted, before all others; null takes that back.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such piece.</exception>
    public Task SetDeadlineAsync(int piece, TimeSpan? deadline)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)piece, (uint)run.Torrent.PieceCount, nameof(piece));
        picker.Deadlines.Set(piece, deadline is { } time ? run.Now + time.TotalSeconds : null);
        Requests.AskAll();
        Requests.WebSeeds?.Pulse();
        return Task.CompletedTask;
    }
}
