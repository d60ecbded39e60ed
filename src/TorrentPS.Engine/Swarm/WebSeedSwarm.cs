using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;

namespace TorrentPS.Engine.Swarm;

/// <summary>The torrent as seen by its web seeds (BEP 17, 19). Belongs to the torrent's loop.</summary>
internal sealed class WebSeedSwarm(SwarmRun run, PiecePicker picker, SegmentPool pool, RateLimiter limiter, HttpFetch http, TransferCounters counters, BlockRequests requests, PieceAssembly assembly)
    : IWebSeedSwarm
{
    public double Now => run.Now;

    public bool IsPaused => run.IsPaused;

    public TimeProvider TimeProvider => run.Time;

    public Torrent Torrent => run.Torrent;

    public PiecePicker Picker => picker;

    public SegmentPool Pool => pool;

    public IReadOnlyList<PeerState> Sources => requests.Sources;

    public RateLimiter DownloadLimiter => limiter;

    public HttpFetch Http => http;

    public void BlockReceived(PeerState from, Outstanding item) => assembly.BlockReceived(from, item);

    public void Wasted(int bytes) => counters.ReceivedInVain(bytes);

    public void ReleaseAll(PeerState from) => requests.ReleaseAll(from);

    public void Recover(PeerState from) => assembly.Recover(from);

    public void AskAll() => requests.AskAll();

    public void LackMemory() => requests.LackMemory();

    public void Log(string message) => run.Log(message);
}
