namespace TorrentPS.Engine.Storage;

/// <summary>Where the pieces of a torrent are written, by what they are verified, and what their buffers come from.</summary>
/// <param name="Storage">Where they are kept.</param>
/// <param name="Hashes">What they must hash to.</param>
/// <param name="Queue">The threads that write.</param>
/// <param name="Jobs">Counts the torrent's own jobs among those of all.</param>
/// <param name="Pool">The buffers.</param>
internal sealed record PieceDisk(IPieceStorage Storage, PieceHashes Hashes, DiskQueue Queue, DiskTally Jobs, SegmentPool Pool);
