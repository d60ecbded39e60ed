using System.Runtime.InteropServices;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>How much each subscriber takes of a tracker. Not safe for use from several threads.</summary>
internal sealed class TrackerLoads
{
    private readonly Dictionary<PeerKey, Load> _loads = [];

    public Load Of(PeerKey subscriber) => _loads.GetValueOrDefault(subscriber);

    public void AddPeer(PeerKey subscriber) => Entry(subscriber).Peers++;

    public void AddPlace(PeerKey subscriber) => Entry(subscriber).Places++;

    /// <summary>A peer has gone, after its place where it was the last there.</summary>
    public void RemovePeer(PeerKey subscriber)
    {
        if (--Entry(subscriber).Peers == 0)
            _loads.Remove(subscriber);
    }

    public void RemovePlace(PeerKey subscriber) => Entry(subscriber).Places--;

    /// <summary>Gives memory back after many have gone.</summary>
    public void Trim()
    {
        if (_loads.Capacity > 1024 && _loads.Count < _loads.Capacity / 4)
            _loads.TrimExcess(_loads.Count * 2);
    }

    private ref Load Entry(PeerKey subscriber) => ref CollectionsMarshal.GetValueRefOrAddDefault(_loads, subscriber, out _);

    /// <summary>What a subscriber takes.</summary>
    public struct Load
    {
        /// <summary>Peers, over all torrents.</summary>
        public int Peers;

        /// <summary>Torrents with peers of his; one where he both downloads and has everything counts twice.</summary>
        public int Places;
    }
}
