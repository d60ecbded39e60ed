using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Trackers;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A datagram from a UDP tracker.</summary>
internal sealed class UdpReplyTarget : FuzzTarget
{
    private static readonly Uri s_tracker = new("udp://tracker.example:1/announce");
    private static readonly IPAddress s_v4 = IPAddress.Parse("192.0.2.1"), s_v6 = IPAddress.Parse("2001:db8::1");

    public UdpReplyTarget()
    {
        byte[] connect = new byte[UdpTrackerReply.ConnectLength], announce = new byte[UdpTrackerReply.AnnounceLength + 18], scrape = new byte[UdpTrackerReply.HeaderLength + 24], error = new byte[40];
        UdpTrackerReply.WriteConnect(connect, 1, 2);
        UdpTrackerReply.WriteAnnounce(announce, 1, 900, 2, 3);
        announce.AsSpan(UdpTrackerReply.AnnounceLength).Fill(77);
        UdpTrackerReply.WriteScrape(scrape, 1);
        int length = UdpTrackerReply.WriteError(error, 1, "forbidden"u8);
        Seeds = [connect, announce, scrape, error[..length], announce[..8]];
    }

    public override string Name => "udp-reply";

    public override string Description => "datagrams from UDP trackers (BEP 15)";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Bytes;

    public override int MaxLength => 8192;

    public override int Try(byte[] input)
    {
        if (!UdpTrackerReply.TryReadHeader(input, out UdpTrackerAction action, out _))
            return 0;
        switch (action)
        {
            case UdpTrackerAction.Connect:
                _ = UdpTrackerReply.ReadConnect(input);
                break;
            case UdpTrackerAction.Announce when !UdpTrackerReply.IsEmptyAnnounce(input, action):
                foreach (IPAddress from in (IPAddress[])[s_v4, s_v6])
                {
                    AnnounceResponse response = UdpTrackerReply.ReadAnnounce(input, from, s_tracker);
                    Require(response.Interval is null || response.Interval > TimeSpan.Zero, "an interval is none");
                    Require(response.Peers.Count <= PeerCollector.MaxPeers && response.Peers.All(peer => peer.EndPoint.Port > 0), "the peers are too many or have no port");
                }

                break;
            case UdpTrackerAction.Scrape:
                UdpTrackerReply.ReadScrape(input, new ScrapeCounts?[3]);
                break;
            case UdpTrackerAction.Error:
                _ = TrackerErrors.Failure(s_tracker, UdpTrackerReply.ReadError(input));
                break;
        }

        return HashCode.Combine(action, Math.Min(6, input.Length / 8));
    }
}
