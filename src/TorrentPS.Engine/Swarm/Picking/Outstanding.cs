namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>A block requested from a peer.</summary>
/// <param name="Piece">The piece.</param>
/// <param name="Block">The index of the block in the piece.</param>
/// <param name="IsReleased">Whether it may be requested from others because this peer is late; it is still accepted from this peer.</param>
internal readonly record struct Outstanding(OpenPiece Piece, int Block, bool IsReleased = false);
