using System.Runtime.InteropServices;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>The load of each subscriber on a tracker. Not thread-safe.</summary>
internal sealed class TrackerLoads
{
    private readonly Dictionary<PeerKey, Load> _loads = [];

    public Load Of(PeerKey subscriber) => _loads.GetValueOrDefault(subscriber);

    public void AddPeer(PeerKey subscriber) => Entry(subscriber).Peers++;

    public void AddPlace(PeerKey subscriber) => Entry(subscriber).Places++;

    /// <summary>Removes a peer; call it after removing its place, if it was the last one there.</summary>
    public void RemovePeer(PeerKey subscriber)
    {
        if (--Entry(subscriber).Peers == 0)
            _loads.Remove(subscriber);
    }

    public void RemovePlace(PeerKey subscriber) => Entry(subscriber).Places--;

    /// <summary>Releases memory after many removals.</summary>
    public void Trim()
    {
        if (_loads.Capacity > 1024 && _loads.Count < _loads.Capacity / 4)
            _loads.TrimExcess(_loads.Count * 2);
    }

    private ref Load Entry(PeerKey subscriber) => ref CollectionsMarshal.GetValueRefOrAddDefault(_loads, subscriber, out _);

    /// <summary>The load of a subscriber.</summary>
    public struct Load
    {
        /// <summary>Peers in all torrents.</summary>
        public int Peers;

        /// <summary>Torrents with peers of the subscriber; one with both a leecher and a seeder counts twice.</summary>
        public int Places;
    }
}
