using System.Net;
using System.Text;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Trackers;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>The body of a tracker's reply to an announce or a scrape.</summary>
internal sealed class TrackerReplyTarget : FuzzTarget
{
    private static readonly Uri s_tracker = new("http://tracker.example/announce");
    private static readonly InfoHash[] s_hashes = [InfoHash.Create("aaaaaaaaaaaaaaaaaaaa"u8.ToArray()), InfoHash.Create("\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9"u8[..20].ToArray())];

    public override string Name => "tracker-reply";

    public override string Description => "what trackers say by HTTP to announces and scrapes";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. ((string[])
        [
            "d8:completei5e10:downloadedi9e11:external ip4:\x01\x02\x03\x04" + "10:incompletei3e8:intervali900e12:min intervali60e5:peers12:\xc0\0\x02\x07\0\x50\xc0\0\x02\x08\0\x51" + "6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50" + "10:tracker id3:abc15:warning message2:woe",
            "d8:intervali900e5:peersld2:ip9:192.0.2.17:peer id20:-qB4520-abcdefghijkl4:porti80eed2:ip11:2001:db8::14:porti81eeee",
            "d14:failure reason9:forbidden8:retry in5:nevere",
            "d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei1e10:downloadedi2e10:incompletei3eeee",
        ]).Select(Encoding.Latin1.GetBytes),
    ];

    public override IReadOnlyList<string> Words => ["interval", "min interval", "peers", "peers6", "ip", "port", "peer id", "complete", "incomplete", "downloaded", "failure reason", "warning message", "tracker id", "external ip", "files", "aaaaaaaaaaaaaaaaaaaa", "localhost"];

    public override int Try(byte[] input)
    {
        int outcome;
        try
        {
            AnnounceResponse response = TrackerReply.ReadAnnounce(input, s_tracker, IPAddress.Parse("192.0.2.1"));
            Require(response.Interval is null || response.Interval > TimeSpan.Zero, "an interval is none");
            Require(response.Peers.Count <= PeerCollector.MaxPeers, "there are too many peers");
            foreach (DiscoveredPeer peer in response.Peers)
                Require(peer.EndPoint.Port is > 0 and <= ushort.MaxValue, "a peer has no port");
            outcome = HashCode.Combine(Math.Min(2, response.Peers.Count), response.Interval is null, response.Warning is null, response.TrackerId.IsEmpty, response.ExternalAddress is null, response.Complete is null);
        }
        catch (TorrentException e)
        {
            outcome = Outcome(e.Message);
        }

        try
        {
            ScrapeResponse response = TrackerReply.ReadScrape(input, s_hashes, s_tracker);
            return HashCode.Combine(outcome, response.Torrents[0] is null);
        }
        catch (TorrentException e)
        {
            return HashCode.Combine(outcome, e.ErrorId);
        }
    }
}
