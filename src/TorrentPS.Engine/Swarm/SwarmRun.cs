using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm;

/// <summary>The common state of the parts of a running torrent: the torrent, its loop and clock, its state, and its end.</summary>
internal sealed class SwarmRun : ISwarmTime
{
    private readonly Action<string>? _log;
    private readonly long _startedAt;
    private volatile TorrentState _state = TorrentState.Checking;

    /// <param name="torrent">The torrent.</param>
    /// <param name="options">The options.</param>
    /// <param name="time">The clock.</param>
    /// <param name="startedAt">When it started, as a time stamp of the clock.</param>
    /// <param name="log">Receives log lines; from any thread.</param>
    /// <param name="loop">The loop of connections that are taken over; null for a new one.</param>
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

    /// <summary>The loop of everything except the check.</summary>
    public SwarmLoop Loop { get; }

    public RunEnd End { get; }

    /// <inheritdoc/>
    public double Now => Elapsed.TotalSeconds;

    public TimeSpan Elapsed => Time.GetElapsedTime(_startedAt);

    /// <summary>The state. From any thread.</summary>
    public TorrentState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>Whether all wanted data is complete, and the run continues to upload. From any thread.</summary>
    public bool IsComplete => _state == TorrentState.Seeding;

    /// <summary>Whether to continue after completion.</summary>
    public bool IsSeedingWanted => Options is { SeedOnly: true } or { SeedRatio: not null } or { SeedTime: not null };

    /// <summary>Whether peers are searched for and accepted.</summary>
    public bool IsUnderWay { get; set; }

    /// <summary>Whether it is paused: no connections, and no requests.</summary>
    public bool IsPaused { get; set; }

    /// <summary>When the selected data was complete, after the start and by the clock; null before.</summary>
    public (TimeSpan Elapsed, DateTimeOffset At)? Completed { get; set; }

    /// <summary>Whether it is stopping, so that nothing new is started.</summary>
    public bool IsStopping { get; set; }

    /// <summary>When useful data last arrived.</summary>
    public double LastProgressAt { get; set; }

    /// <summary>The rest of a time limit on the whole run.</summary>
    public TimeSpan TimeLeft(TimeSpan limit) => TimeSpan.FromTicks(Math.Max(0, (limit - Elapsed).Ticks));

    /// <summary>Describes the data's storage.</summary>
    /// <param name="layout">The stored files.</param>
    /// <param name="layers">The hashes of the pieces of a version 2 or hybrid torrent; null for a v1 torrent.</param>
    /// <param name="stateFolder">The folder for state between runs; null for none.</param>
    public StorageRequest StorageOf(FileLayout layout, PieceLayers? layers, string? stateFolder) => new(Torrent, layout, layers)
    {
        Destination = Options.Destination,
        SeedOnly = Options.SeedOnly,
        Recheck = Options.Recheck,
        Overwrite = Options.Overwrite,
        ReuseFrom = Options.ReuseFrom,
        ReuseSimilar = Options.ReuseSimilar,
        StateFolder = stateFolder,
        TimeProvider = Time,
        Log = Log,
    };

    public void Log(string message) => _log?.Invoke(message);
}
