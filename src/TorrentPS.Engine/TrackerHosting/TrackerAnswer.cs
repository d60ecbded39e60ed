using System.Buffers;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>A tracker's answer to an announce, before it is formatted for a protocol.</summary>
internal readonly struct TrackerAnswer(TrackedPeer[] peers, int count, int seeders, int leechers, int downloads) : IDisposable
{
    /// <summary>The selected peers.</summary>
    public ReadOnlySpan<TrackedPeer> Peers => peers.AsSpan(0, count);

    public int Seeders => seeders;

    public int Leechers => leechers;

    public int Downloads => downloads;

    /// <summary>Returns the buffer of the peers to the pool.</summary>
    public void Dispose()
    {
        if (peers is not null)
            ArrayPool<TrackedPeer>.Shared.Return(peers);
    }
}
