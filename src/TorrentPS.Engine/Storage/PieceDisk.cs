namespace TorrentPS.Engine.Storage;

/// <summary>The storage, hashes, threads and buffers of a torrent's pieces.</summary>
/// <param name="Storage">Stores the pieces.</param>
/// <param name="Hashes">The expected hashes.</param>
/// <param name="Queue">The disk threads.</param>
/// <param name="Jobs">Counts the torrent's own jobs.</param>
/// <param name="Pool">The buffers.</param>
internal sealed record PieceDisk(IPieceStorage Storage, PieceHashes Hashes, DiskQueue Queue, DiskTally Jobs, SegmentPool Pool);
