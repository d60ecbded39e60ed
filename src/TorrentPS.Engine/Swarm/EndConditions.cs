using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;

namespace TorrentPS.Engine.Swarm;

/// <summary>Ends a run by itself: when nothing arrives or can be reached any more, or enough was uploaded. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="roster">The peers.</param>
/// <param name="picker">The pieces.</param>
/// <param name="counters">The transfer counters.</param>
/// <param name="wanted">The wanted files.</param>
internal sealed class EndConditions(SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, TransferCounters counters, WantedFiles wanted)
{
    /// <summary>The longest time of a system timer; the ticks check longer limits.</summary>
    public static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    /// <summary>The time after which trackers that have never answered end the run, if no peer is known, in seconds.</summary>
    private const double NoPeersSeconds = 30;

    private double _completedAt;

    /// <summary>The discovery sources; null if there are none.</summary>
    public PeerDiscoveries? Discoveries { get; set; }

    /// <summary>The web seeds; null if there are none.</summary>
    public WebSeedPool? WebSeeds { get; set; }

    /// <summary>The data is complete from now on.</summary>
    public void Completed(double now) => _completedAt = now;

    /// <summary>The run continues after a pause, which does not count as seeding time.</summary>
    public void Resumed(double paused) => _completedAt += paused;

    /// <summary>Periodic work. While the run is paused, only its time-out counts.</summary>
    public void Tick(double now)
    {
        if (run.IsPaused)
            TickTimeout(now);
        else
            TickRunning(now);
    }

    private void TickRunning(double now)
    {
        if (!run.IsComplete)
            TickDownload(now);
        else if (IsSeedingDone(now))
            run.End.Set(RunEnding.Completed);
        TickTimeout(now);
    }

    private void TickTimeout(double now)
    {
        if (run.Options.Timeout is { } timeout && timeout > LongestTimer && now >= timeout.TotalSeconds)
            run.End.Set(run.End.TimedOut());
    }

    private void TickDownload(double now)
    {
        // While web seeds wait for peers, the download is not stalled.
        double still = now - Math.Max(run.LastProgressAt, run.Options.WebSeedDelay > TimeSpan.Zero ? WebSeeds?.StartsAt ?? 0 : 0);
        if (ReachedNone && IsNoSourceLeft && WebSeeds is not { IsAnyHopeful: true } && still > Math.Min(NoPeersSeconds, run.Options.StallTimeout?.TotalSeconds ?? NoPeersSeconds))
            run.End.Set(NoPeers());
        else if (run.Options.StallTimeout is { } limit && still > limit.TotalSeconds)
            run.End.Set(Stalled(limit));
    }

    private bool ReachedNone => !roster.EverConnected && Discoveries is not { AnyAnswered: true };

    /// <summary>Whether no source can return a peer: there is none, or each one fails.</summary>
    private bool IsNoSourceLeft => Discoveries is null or { AllFailed: true };

    private RunEnding NoPeers()
    {
        // The error of a tracker or name is the most helpful; that no peer is in the local network or the DHT is not.
        if (Discoveries?.Failure is { } failure && (failure.ErrorId != TorrentErrorId.NoPeers || run.Options.PeerNames.Count > 0))
            return RunEnding.Failed(failure);
        if (WebSeeds?.Reason is { } reason)
            return new RunEnding(TorrentState.Failed, TorrentErrorId.NoPeers, $"No peer of '{run.Torrent.Name}' was found, and no web seed has it: {reason}.");
        string tracker = run.Torrent.Trackers.Count > 0 ? "" : ", and it has no tracker that is asked for others";
        return new RunEnding(TorrentState.Failed, TorrentErrorId.NoPeers, run.Options.Peers.Count > 0
            ? $"None of the given peers of '{run.Torrent.Name}' could be reached{tracker}."
            : $"No peer of '{run.Torrent.Name}' was found{tracker}. Give addresses of peers.");
    }

    private RunEnding Stalled(TimeSpan limit) => new(
        TorrentState.Stalled,
        TorrentErrorId.DownloadStalled,
        $"No data has arrived for {limit.TotalSeconds:0.#} s; connected to {roster.Peers.Length} of {CountText.Of(roster.Book.Seen, "known peer")}. Run the same command to resume.");

    /// <summary>Whether a complete download stays for a moment, although it does not seed.</summary>
    public bool IsStayNeeded(double now) =>
        now - _completedAt < run.Options.StayTime.TotalSeconds && LastCopies.AreNeeded(picker.Have, Array.ConvertAll(roster.Peers, peer => peer.State));

    private bool IsSeedingDone(double now)
    {
        if (!run.IsSeedingWanted)
            return !IsStayNeeded(now);
        if (run.Options.SeedRatio is { } ratio && counters.Uploaded >= ratio * (counters.Downloaded > 0 ? counters.Downloaded : wanted.Layout.BytesWanted))
            return true;
        return run.Options.SeedTime is { } time && time != Timeout.InfiniteTimeSpan && now - _completedAt >= time.TotalSeconds;
    }
}
