using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>What web seeds need of the torrent. Everything is called on its loop.</summary>
internal interface IWebSeedSwarm
{
    double Now { get; }

    TimeProvider TimeProvider { get; }

    Torrent Torrent { get; }

    PiecePicker Picker { get; }

    SegmentPool Pool { get; }

    /// <summary>All that blocks are asked of.</summary>
    IReadOnlyList<PeerState> Sources { get; }

    RateLimiter DownloadLimiter { get; }

    HttpFetch Http { get; }

    /// <summary>A block of an open piece has arrived and lies in its place.</summary>
    void BlockReceived(PeerState from, Outstanding item);

    /// <summary>Bytes came that are of no use.</summary>
    void Wasted(int bytes);

    /// <summary>What it owes becomes free for others.</summary>
    void ReleaseAll(PeerState from);

    /// <summary>A fault of this program cut short what was done with it: what it is still noted for is free again.</summary>
    void Recover(PeerState from);

    /// <summary>Others may be asked for what became free.</summary>
    void AskAll();

    /// <summary>Notes that there was no memory for a block, so that the next that becomes free is told of.</summary>
    void LackMemory();

    void Log(string message);
}
