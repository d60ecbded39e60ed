namespace TorrentPS.Engine.Trackers;

/// <summary>The action of a datagram to or from a UDP tracker (BEP 15).</summary>
internal enum UdpTrackerAction
{
    Connect = 0,
    Announce = 1,
    Scrape = 2,
    Error = 3,
}
