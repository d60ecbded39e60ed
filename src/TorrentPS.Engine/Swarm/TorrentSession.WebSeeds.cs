using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Swarm.WebSeeds;

namespace TorrentPS.Engine.Swarm;

/// <content>Web seeds (BEP 17, 19).</content>
internal sealed partial class TorrentSession : IWebSeedSwarm
{
    private WebSeedPool? _webSeeds; // null when there are none, or none are wanted

    TimeProvider IWebSeedSwarm.TimeProvider => _time;

    Torrent IWebSeedSwarm.Torrent => _torrent;

    HttpFetch IWebSeedSwarm.Http => _services.Http;

    private bool IsWebSeedHopeful => _webSeeds is { IsAnyHopeful: true };

    private void StartWebSeeds()
    {
        if (_options.UseWebSeeds && !IsComplete && _torrent.WebSeeds.Count + _torrent.HttpSeeds.Count > 0)
            _webSeeds = new WebSeedPool(this, _torrent, _stopping.Token);
    }

    void IWebSeedSwarm.BlockReceived(PeerState from, Outstanding item) => BlockReceived(from, item);

    void IWebSeedSwarm.Wasted(int bytes)
    {
        _downloaded += bytes;
        _wasted += bytes;
    }

    void IWebSeedSwarm.ReleaseAll(PeerState from) => ReleaseAll(from);

    void IWebSeedSwarm.Recover(PeerState from) => Recover(from);

    void IWebSeedSwarm.AskAll() => AskAll();

    void IWebSeedSwarm.LackMemory() => _isShortOfMemory = true;

    void IWebSeedSwarm.Log(string message) => Log(message);
}
