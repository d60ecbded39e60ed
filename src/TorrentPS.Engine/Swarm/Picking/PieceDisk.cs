using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>Where the pieces of a torrent are written, and what their buffers come from.</summary>
/// <param name="Store">The torrent's files.</param>
/// <param name="Queue">The threads that write.</param>
/// <param name="Jobs">Counts the torrent's own jobs among those of all.</param>
/// <param name="Pool">The buffers.</param>
internal readonly record struct PieceDisk(DataStore Store, DiskQueue Queue, DiskTally Jobs, SegmentPool Pool);
