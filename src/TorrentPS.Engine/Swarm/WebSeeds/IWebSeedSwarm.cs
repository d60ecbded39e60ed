using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>The torrent, as seen by web seeds. All members are called on its loop.</summary>
internal interface IWebSeedSwarm
{
    double Now { get; }

    /// <summary>Whether requests are suspended.</summary>
    bool IsPaused { get; }

    TimeProvider TimeProvider { get; }

    Torrent Torrent { get; }

    PiecePicker Picker { get; }

    SegmentPool Pool { get; }

    /// <summary>All sources that blocks are requested from.</summary>
    IReadOnlyList<PeerState> Sources { get; }

    RateLimiter DownloadLimiter { get; }

    HttpFetch Http { get; }

    /// <summary>A block of an open piece has been received into its place.</summary>
    void BlockReceived(PeerState from, Outstanding item);

    /// <summary>Useless bytes were received.</summary>
    void Wasted(int bytes);

    /// <summary>Releases everything that the source owes.</summary>
    void ReleaseAll(PeerState from);

    /// <summary>Releases everything marked as requested from the source, after a fault of this program interrupted it.</summary>
    void Recover(PeerState from);

    /// <summary>Lets other sources request what became free.</summary>
    void AskAll();

    /// <summary>Records that there was no memory for a block, so that free memory is reported.</summary>
    void LackMemory();

    void Log(string message);
}
