using System.Buffers;
using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>The path and query of a request to our tracker.</summary>
internal sealed class TrackerHttpTarget : FuzzTarget
{
    private static readonly PeerKey s_from = PeerKey.Create([192, 0, 2, 1], 1);

    private TrackerHttpService _service = null!;
    private int _inputs;

    public TrackerHttpTarget() => Begin();

    public override string Name => "tracker-http";

    public override string Description => "queries to our own tracker";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. ((string[])
        [
            "/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=-qB4520-abcdefghijkl&port=6881&uploaded=0&downloaded=0&left=9&compact=1&numwant=50&event=started&key=1&ip=192.0.2.9",
            "/announce?info_hash=%aa%AAaaaaaaaaaaaaaaaaaa&peer_id=-qB4520-abcdefghijkl&port=1&compact=0&no_peer_id=1&event=stopped&ipv6=[2001:db8::1]:7",
            "/scrape?info_hash=aaaaaaaaaaaaaaaaaaaa&info_hash=bbbbbbbbbbbbbbbbbbbb", "/x?y=z",
        ]).Select(Encoding.ASCII.GetBytes),
    ];

    public override InputShape Shape => InputShape.Text;

    public override IReadOnlyList<string> Words => ["&info_hash=", "&peer_id=", "&port=", "&left=", "&event=completed", "&compact=0", "&numwant=", "&ip=", "&ipv6=", "%", "%0", "%00", "%zz", "?", "aaaaaaaaaaaaaaaaaaaa"];

    public override int Try(byte[] input)
    {
        if (++_inputs % 20_000 == 0)
            Begin();
        var output = new ArrayBufferWriter<byte>();
        if (!_service.TryAnswer(input, s_from, output))
            return 0;
        var reader = new BencodeReader(output.WrittenSpan);
        int outcome = 0;
        while (reader.Read())
        {
            if (reader.TokenType == BencodeTokenType.Key)
                outcome = HashCode.Combine(outcome, reader.ValueSpan.Length);
        }

        return outcome;
    }

    private void Begin()
    {
        var options = new TrackerServerOptions { TrustsGivenAddress = true };
        _service = new TrackerHttpService(options, new TrackerSwarms(options), new TrackerCounters());
    }
}
