namespace TorrentPS.Engine.Storage;

/// <summary>The hashes of all pieces of a torrent that is being created, concatenated by kind; empty for a kind that the torrent does not have.</summary>
/// <param name="V1">SHA-1 over the pieces (BEP 3).</param>
/// <param name="V2">The roots of the trees over the pieces (BEP 52).</param>
internal sealed record PieceDigests(byte[] V1, byte[] V2);
