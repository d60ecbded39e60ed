namespace TorrentPS.Testing;

/// <summary>The events recorded by a <see cref="FakeSwarm"/>.</summary>
internal enum SwarmEvent
{
    PiecesChanged,
    OffersChanged,
    Choked,
    Unchoked,
    Rejected,
    PieceLost,
    BlockReceived,
    PieceReceived,
    Wasted,
    Interested,
    NotInterested,
    Uploaded,
    Complained,
    CutShort,
    DhtPort,
    Extensions,
    PeersExchanged,
    Holepunch,
    HashesProved,
    HashesUnproved,
    HashesRejected,
    Violated,
}
