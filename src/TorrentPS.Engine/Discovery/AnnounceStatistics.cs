namespace TorrentPS.Engine.Discovery;

/// <summary>What a tracker is told of a transfer (BEP 3, "trackers").</summary>
/// <param name="Uploaded">Bytes sent since the start.</param>
/// <param name="Downloaded">Bytes received since the start.</param>
/// <param name="Left">Bytes that are still missing.</param>
internal readonly record struct AnnounceStatistics(long Uploaded, long Downloaded, long Left);
