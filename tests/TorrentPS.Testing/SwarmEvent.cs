namespace TorrentPS.Testing;

/// <summary>What a <see cref="FakeSwarm"/> is told.</summary>
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
