using System.Buffers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>What a tracker answers to an announce, before it is written in the form of a protocol.</summary>
internal readonly struct TrackerAnswer(TrackedPeer[] peers, int count, int seeders, int leechers, int downloads) : IDisposable
{
    /// <summary>The peers that were chosen.</summary>
    public ReadOnlySpan<TrackedPeer> Peers => peers.AsSpan(0, count);

    public int Seeders => seeders;

    public int Leechers => leechers;

    public int Downloads => downloads;

    /// <summary>Gives the room for the peers back.</summary>
    public void Dispose()
    {
        if (peers is not null)
            ArrayPool<TrackedPeer>.Shared.Return(peers);
    }
}
