using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>A torrent whose metadata came from peers, with everything that its download can use.</summary>
internal sealed record ResolvedTorrent
{
    public required Torrent Torrent { get; init; }

    /// <summary>When the session started, as a time stamp of the clock, from which the pauses of addresses count.</summary>
    public required long StartedAt { get; init; }

    /// <summary>What the download can take over; null if it starts anew.</summary>
    public SwarmHandover? Handover { get; init; }
}

/// <summary>What a download takes over from the session that resolved its magnet link.</summary>
/// <param name="PeerId">Our peer id, which peers and trackers know.</param>
/// <param name="Book">The addresses; those of the connections are busy.</param>
/// <param name="Discovery">The running search for peers.</param>
/// <param name="Peers">The connections, each with a reserved place of the client's.</param>
/// <param name="Loop">Their loop.</param>
internal sealed record SwarmHandover(byte[] PeerId, PeerBook Book, SwarmDiscovery Discovery, IReadOnlyList<HandedOverPeer> Peers, SwarmLoop Loop)
{
    /// <summary>Closes the connections, if no download takes them over.</summary>
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
