using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A magnet link.</summary>
internal sealed class MagnetTarget : FuzzTarget
{
    public override string Name => "magnet";

    public override string Description => "magnet links";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. ((string[])
        [
            "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=a%20b&xl=9&tr=http%3A%2F%2Fa%2Fannounce&tr.1=udp://b:1&ws=http://w/&x.pe=1.2.3.4:5&x.pe=[::1]:6&so=0,2-4",
            "magnet:?xt=urn:btih:ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&amp;dn=a+b",
            "magnet:?xt=urn:btmh:12200123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef&xt=urn:btih:0123456789abcdef0123456789abcdef01234567",
        ]).Select(Encoding.ASCII.GetBytes),
    ];

    public override InputShape Shape => InputShape.Text;

    public override IReadOnlyList<string> Words => ["&xt=urn:btih:", "&dn=", "&xl=", "&tr=", "&ws=", "&x.pe=", "&so=", "%00", "%2e%2e%2f", "%ff", "%u", "http://", "udp://[::1]:1", "xn--", "..", "@", "&amp;"];

    // Uri parses addresses, which takes time and memory.
    public override long MaxAllocated(int length) => (1 << 20) + 1024L * length;

    public override int Try(byte[] input)
    {
        string text = Encoding.UTF8.GetString(input);
        if (!MagnetLink.TryParse(text, out MagnetLink? link))
            return text.StartsWith("magnet:?", StringComparison.Ordinal) ? 1 : 0;
        PathTarget.CheckSafe(link.Name);
        string canonical = link.ToString();
        Require(MagnetLink.TryParse(canonical, out MagnetLink? again), "the canonical form is no magnet link");
        Require(again!.InfoHash == link.InfoHash && again.Length == link.Length && again.SelectedFiles.Count == link.SelectedFiles.Count && again.ToString() == canonical, "the canonical form says something else");
        // Each character becomes nine at most; of a link that is longer then than one may be, addresses are left out.
        Require(again.Trackers.Count == link.Trackers.Count || 9 * text.Length > 64 * 1024, "the canonical form has other trackers");
        Torrent torrent = Torrent.FromLink(link);
        Require(torrent.InfoHash == link.InfoHash, "the torrent of the link has another info hash");
        return HashCode.Combine(link.Trackers.Count > 0, link.WebSeeds.Count > 0, link.Peers.Count > 0, link.SelectedFiles.Count > 0, link.InfoHash.HasV2, link.Length is null, link.DisplayName is null);
    }
}
