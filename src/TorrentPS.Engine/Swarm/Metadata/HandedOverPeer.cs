using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>A connection that a download takes over from the session that resolved its magnet link.</summary>
/// <param name="Connection">The connection; it begins with what the peer has already declared.</param>
/// <param name="Candidate">Its address; null if the peer connected to us.</param>
internal sealed record HandedOverPeer(PeerConnection Connection, PeerCandidate? Candidate);
