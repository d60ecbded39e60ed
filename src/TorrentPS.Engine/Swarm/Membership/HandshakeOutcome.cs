using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>The result of a handshake.</summary>
/// <param name="Status">The status.</param>
/// <param name="Stream">The connection, on success; the receiver disposes it.</param>
/// <param name="Handshake">The peer's handshake, if it was complete.</param>
/// <param name="Error">The error, in words.</param>
internal sealed record HandshakeOutcome(PeerHandshakeStatus Status, PeerStream? Stream = null, Handshake? Handshake = null, string? Error = null);
