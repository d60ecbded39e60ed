using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>A torrent whose metadata came from peers, with all that was opened for it and serves its download as well.</summary>
internal sealed record ResolvedTorrent
{
    public required Torrent Torrent { get; init; }

    /// <summary>When it was begun, as a time stamp of the clock: the addresses' pauses count from then.</summary>
    public required long StartedAt { get; init; }

    /// <summary>What is to be taken over; null when the download starts anew.</summary>
    public SwarmHandover? Handover { get; init; }
}

/// <summary>What goes from the session that resolved a magnet link to the one that downloads.</summary>
/// <param name="PeerId">Our peer id, which peers and trackers know.</param>
/// <param name="Book">The addresses; those of the connections are busy.</param>
/// <param name="Discovery">What finds peers; it runs.</param>
/// <param name="Peers">The connections. Of each one place of the client's is reserved.</param>
/// <param name="Loop">The loop that they run on.</param>
internal sealed record SwarmHandover(byte[] PeerId, PeerBook Book, SwarmDiscovery Discovery, IReadOnlyList<HandedOverPeer> Peers, SwarmLoop Loop)
{
    /// <summary>Closes the connections, when nothing takes them over.</summary>
    public Task CloseAsync(PeerConnector connector) => Loop.RunAsync(() =>
    {
        foreach (HandedOverPeer peer in Peers)
        {
            peer.Connection.Close(PeerClose.Stopping);
            connector.Release();
        }

        return Task.FromResult(true);
    });
}
