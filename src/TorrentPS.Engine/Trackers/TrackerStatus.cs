using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Trackers;

/// <summary>How one tracker of a running torrent does.</summary>
/// <param name="Uri">Its announce address.</param>
/// <param name="Tier">Its tier, from 0.</param>
/// <param name="LastError">Why the last announce failed; null when it did not, or there was none.</param>
/// <param name="LastAnnounce">When the last announce that was answered began; null before the first.</param>
/// <param name="Seeders">How many peers have everything, when it said so.</param>
/// <param name="Leechers">How many peers are still downloading, when it said so.</param>
/// <param name="PeersReceived">Peers that its last answer named.</param>
internal sealed record TrackerStatus(Uri Uri, int Tier, TorrentException? LastError, DateTimeOffset? LastAnnounce, int? Seeders, int? Leechers, int PeersReceived);
