using System.Management.Automation;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.TrackerHosting;

namespace TorrentPS.Trackers;

/// <summary>A tracker as a background job: the output of <c>Start-TorrentTracker -AsJob</c>. It ends when it is stopped.</summary>
public sealed class TorrentTrackerJob : Job
{
    private static readonly TimeSpan s_windDown = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly TrackerServer _tracker;
    private readonly TrackerListener _listener;
    private bool _isStopped;

    internal TorrentTrackerJob(string command, TrackerServer tracker, TrackerListener listener)
        : base(command, $"Tracker {listener.EndPoint}")
    {
        (_tracker, _listener) = (tracker, listener);
        PSJobTypeName = "TorrentTracker";
        Output.Add(PSObject.AsPSObject(listener));
        SetJobState(JobState.Running);
    }

    /// <summary>The announce address to put into a torrent.</summary>
    public Uri AnnounceUri => _listener.AnnounceUri;

    /// <summary>The announce address for UDP; null if UDP is off.</summary>
    public Uri? UdpAnnounceUri => _listener.UdpAnnounceUri;

    /// <summary>The address and port that it listens on.</summary>
    public string EndPoint => _listener.EndPoint;

    /// <summary>The number of torrents with peers.</summary>
    public int TorrentCount => _tracker.TorrentCount;

    /// <summary>The number of peers in all torrents.</summary>
    public int PeerCount => _tracker.PeerCount;

    /// <summary>The number of announces answered.</summary>
    public long Announces => _tracker.Announces;

    /// <summary>The number of scrapes answered.</summary>
    public long Scrapes => _tracker.Scrapes;

    /// <summary>The counts, in words.</summary>
    public override string StatusMessage =>
        $"{CountText.Of(PeerCount, "peer")} of {CountText.Of(TorrentCount, "torrent")}, {CountText.Of(Announces, "announce")}";

    /// <inheritdoc/>
    public override bool HasMoreData => Output.Count > 0;

    /// <inheritdoc/>
    public override string Location => "localhost";

    /// <inheritdoc/>
    public override void StopJob()
    {
        lock (_gate)
        {
            if (_isStopped)
                return;
            _isStopped = true;
        }
        SetJobState(JobState.Stopping);
        _ = Task.Run(() => _tracker.DisposeAsync().AsTask()).Wait(s_windDown);
        SetJobState(JobState.Stopped);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            StopJob();
        base.Dispose(disposing);
    }
}
