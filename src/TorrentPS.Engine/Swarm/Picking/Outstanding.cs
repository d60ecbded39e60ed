namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>A block that a peer was asked for.</summary>
/// <param name="Piece">The piece.</param>
/// <param name="Block">The block's number in the piece.</param>
/// <param name="IsReleased">Whether others may be asked for it because this peer is late; it is still taken when it comes after all.</param>
internal readonly record struct Outstanding(OpenPiece Piece, int Block, bool IsReleased = false);
