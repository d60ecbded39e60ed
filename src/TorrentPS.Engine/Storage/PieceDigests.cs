namespace TorrentPS.Engine.Storage;

/// <summary>The hashes of all pieces of a torrent that is being made, each kind in a row; empty where the torrent does not have that kind.</summary>
/// <param name="V1">SHA-1 over the pieces (BEP 3).</param>
/// <param name="V2">The roots of the trees over the pieces (BEP 52).</param>
internal sealed record PieceDigests(byte[] V1, byte[] V2);
