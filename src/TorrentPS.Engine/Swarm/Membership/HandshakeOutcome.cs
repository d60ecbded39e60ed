using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>What came of a handshake.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Stream">The connection, when it succeeded; it is the receiver's to dispose.</param>
/// <param name="Handshake">What the peer sent, as far as a whole handshake came.</param>
/// <param name="Error">What went wrong, in words.</param>
internal sealed record HandshakeOutcome(PeerHandshakeStatus Status, PeerStream? Stream = null, Handshake? Handshake = null, string? Error = null);
