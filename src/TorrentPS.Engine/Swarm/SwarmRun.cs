using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm;

/// <summary>What the parts of a running torrent have in common: the torrent, its loop and clock, how far it has come, and how it ends.</summary>
internal sealed class SwarmRun : ISwarmTime
{
    private readonly Action<string>? _log;
    private readonly long _startedAt;
    private volatile TorrentState _state = TorrentState.Checking;

    /// <param name="torrent">The torrent.</param>
    /// <param name="options">What to do.</param>
    /// <param name="time">The time.</param>
    /// <param name="startedAt">When it began, as a timestamp of that.</param>
    /// <param name="log">Gets what a user might want to know; from any thread.</param>
    /// <param name="loop">The loop of connections that are taken over; null for one of its own.</param>
    public SwarmRun(Torrent torrent, DownloadOptions options, TimeProvider time, long startedAt, Action<string>? log, SwarmLoop? loop)
    {
        Loop = loop ?? new SwarmLoop();
        (Torrent, Options, Time, _startedAt, _log) = (torrent, options, time, startedAt, log);
        End = new RunEnd(this);
        Loop.Faulted = End.Faulted;
    }

    public Torrent Torrent { get; }

    public DownloadOptions Options { get; }

    public TimeProvider Time { get; }

    /// <summary>What everything but the checking runs on.</summary>
    public SwarmLoop Loop { get; }

    public RunEnd End { get; }

    /// <inheritdoc/>
    public double Now => Elapsed.TotalSeconds;

    public TimeSpan Elapsed => Time.GetElapsedTime(_startedAt);

    /// <summary>How far it is. From any thread.</summary>
    public TorrentState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>Whether everything wanted is there, and it goes on for others. From any thread.</summary>
    public bool IsComplete => _state == TorrentState.Seeding;

    /// <summary>Whether it goes on when everything is there.</summary>
    public bool IsSeedingWanted => Options is { SeedOnly: true } or { SeedRatio: not null } or { SeedTime: not null };

    /// <summary>Whether it ends, and nothing more is begun.</summary>
    public bool IsStopping { get; set; }

    /// <summary>When something that is needed came last.</summary>
    public double LastProgressAt { get; set; }

    /// <summary>What is left of a limit on the whole run.</summary>
    public TimeSpan TimeLeft(TimeSpan limit) => TimeSpan.FromTicks(Math.Max(0, (limit - Elapsed).Ticks));

    public void Log(string message) => _log?.Invoke(message);
}
