namespace TorrentPS.Engine.Trackers;

/// <summary>What a datagram to or from a UDP tracker is about (BEP 15).</summary>
internal enum UdpTrackerAction
{
    Connect = 0,
    Announce = 1,
    Scrape = 2,
    Error = 3,
}
