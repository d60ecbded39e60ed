using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <content>What peers that have nothing else to do take over of others.</content>
internal sealed partial class TorrentSession
{
    private readonly List<PeerState> _sources = [];
    private long _sourcesAt = -1;

    /// <summary>Finds a block that others owe, when a peer has nothing else to send us.</summary>
    private bool TryHurry(PeerState peer, out Outstanding picked)
    {
        picked = default;
        // Rates are looked at once a tick, so what is not found before the next one is not looked for with each block.
        if ((peer.Outstanding.Count > 0 && peer.HurriedInVainAt == _ticks) || !_picker.HasNothingFreeFor(peer))
            return false;
        peer.Rate = peer.DownloadRate.PerSecond(Now); // it may have been idle until just now
        if (EndGame.TryPick(_picker, Sources, peer, Now, DownloadLimiter.IsExhausted, out picked))
            return true;
        peer.HurriedInVainAt = _ticks;
        return false;
    }

    /// <summary>All that blocks are asked of, as of this tick: who has gone since owes nothing.</summary>
    public IReadOnlyList<PeerState> Sources
    {
        get
        {
            if (_sourcesAt == _ticks)
                return _sources;
            _sourcesAt = _ticks;
            _sources.Clear();
            foreach (PeerSession peer in Peers)
                _sources.Add(peer.State);
            if (_webSeeds is not null)
                _sources.AddRange(_webSeeds.States);
            return _sources;
        }
    }
}
