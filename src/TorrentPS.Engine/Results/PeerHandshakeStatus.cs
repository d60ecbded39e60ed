namespace TorrentPS;

/// <summary>How a handshake with a peer ended.</summary>
public enum PeerHandshakeStatus
{
    /// <summary>The peer answered with a handshake for the torrent.</summary>
    Succeeded,

    /// <summary>No answer came in time.</summary>
    TimedOut,

    /// <summary>The peer's machine refused the connection.</summary>
    Refused,

    /// <summary>The address has no route.</summary>
    Unreachable,

    /// <summary>The peer closed the connection before its handshake was complete, as peers do that do not have the torrent.</summary>
    Closed,

    /// <summary>The answer is not a BitTorrent handshake (BEP 3).</summary>
    NotBitTorrent,

    /// <summary>The peer answered for another torrent.</summary>
    WrongInfoHash,

    /// <summary>The peer is this client itself.</summary>
    SelfConnection,
}
