namespace TorrentPS.Engine.Discovery;

/// <summary>What a tracker is told of a transfer (BEP 3, "trackers").</summary>
/// <param name="Uploaded">Bytes sent since the start.</param>
/// <param name="Downloaded">Bytes received since the start.</param>
/// <param name="Left">Bytes of the whole torrent that are still missing, also those that are not wanted: only who has all of it is a seed.</param>
/// <param name="IsPartialSeed">Whether everything that is wanted is there, but not everything (BEP 21).</param>
internal readonly record struct AnnounceStatistics(long Uploaded, long Downloaded, long Left, bool IsPartialSeed = false);
