using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>A connection that goes from the session that resolved a magnet link to the one that downloads.</summary>
/// <param name="Connection">The connection; it begins with what the peer has told already.</param>
/// <param name="Candidate">The address it was found by; null when the peer connected to us.</param>
internal sealed record HandedOverPeer(PeerConnection Connection, PeerCandidate? Candidate);
