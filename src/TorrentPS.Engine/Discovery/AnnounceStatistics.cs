namespace TorrentPS.Engine.Discovery;

/// <summary>The counts in an announce (BEP 3, "trackers").</summary>
/// <param name="Uploaded">Bytes sent since the start.</param>
/// <param name="Downloaded">Bytes received since the start.</param>
/// <param name="Left">Bytes of the whole torrent that are still missing, including unwanted ones: only a peer with all data is a seed.</param>
/// <param name="IsPartialSeed">Whether all wanted data is complete, but not the whole torrent (BEP 21).</param>
internal readonly record struct AnnounceStatistics(long Uploaded, long Downloaded, long Left, bool IsPartialSeed = false);
