using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Trackers;

/// <summary>The status of one tracker of a running torrent.</summary>
/// <param name="Uri">The announce address.</param>
/// <param name="Tier">The tracker's tier, from 0.</param>
/// <param name="LastError">The error of the last announce; null if it succeeded, or there was none.</param>
/// <param name="LastAnnounce">The start time of the last answered announce; null before the first.</param>
/// <param name="Seeders">The number of peers with complete data, if given.</param>
/// <param name="Leechers">The number of peers that are still downloading, if given.</param>
/// <param name="PeersReceived">The number of peers in the last answer.</param>
internal sealed record TrackerStatus(Uri Uri, int Tier, TorrentException? LastError, DateTimeOffset? LastAnnounce, int? Seeders, int? Leechers, int PeersReceived);
