using System.Buffers.Binary;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A datagram to our tracker. If its length is odd, its connection id is corrected.</summary>
internal sealed class TrackerUdpTarget : FuzzTarget
{
    private static readonly PeerKey s_v4 = PeerKey.Create([192, 0, 2, 1], 1), s_v6 = PeerKey.Create([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 1);

    private readonly byte[] _reply = new byte[TrackerUdpService.MaxReplyLength];
    private TrackerUdpService _service = null!;
    private long _connectionV4;
    private long _connectionV6;
    private int _inputs;

    public TrackerUdpTarget()
    {
        byte[] connect = new byte[16], announce = new byte[UdpTrackerRequest.AnnounceLength + 40], scrape = new byte[57];
        UdpTrackerRequest.WriteConnect(connect, 1);
        int length = UdpTrackerRequest.WriteAnnounce(announce, 0, 1, new UdpAnnounce { InfoHash = new byte[20], PeerId = new byte[20], Port = 6881, NumWant = 50, UrlData = "/announce?x=y"u8 });
        UdpTrackerRequest.WriteScrape(scrape, 0, 1, [InfoHash.Create(new byte[20]), InfoHash.Create(new byte[20])], 0, 2);
        Seeds = [connect, announce[..(length | 1)], announce[..length], scrape];
        Begin();
    }

    public override string Name => "tracker-udp";

    public override string Description => "datagrams to our own tracker (BEP 15, 41)";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Bytes;

    public override int MaxLength => TrackerUdpService.MaxRequestLength;

    public override int Try(byte[] input)
    {
        if (++_inputs % 20_000 == 0)
            Begin();
        int outcome = 0;
        foreach (PeerKey from in (PeerKey[])[s_v4, s_v6])
        {
            byte[] datagram = [.. input];
            if (datagram.Length >= 16 && datagram.Length % 2 == 1)
                BinaryPrimitives.WriteInt64BigEndian(datagram, from.IsIPv4 ? _connectionV4 : _connectionV6);
            int length = _service.Answer(datagram, from, _reply);
            Require(length >= 0 && length <= TrackerUdpService.MaxReplyLength, "the answer is too long");
            Require(length <= datagram.Length || datagram.Length % 2 == 1, "the answer to a stranger is longer than what he sent");
            outcome = length == 0 ? 0 : HashCode.Combine(_reply[3], Math.Min(8, length / 10));
        }

        return outcome;
    }

    private void Begin()
    {
        var options = new TrackerServerOptions();
        _service = new TrackerUdpService(options, new TrackerSwarms(options), new TrackerCounters());
        byte[] connect = new byte[16];
        UdpTrackerRequest.WriteConnect(connect, 1);
        _service.Answer(connect, s_v4, _reply);
        _connectionV4 = UdpTrackerReply.ReadConnect(_reply);
        _service.Answer(connect, s_v6, _reply);
        _connectionV6 = UdpTrackerReply.ReadConnect(_reply);
    }
}
