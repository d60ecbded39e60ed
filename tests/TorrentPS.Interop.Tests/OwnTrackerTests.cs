using System.Collections.Concurrent;
using System.Net;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Trackers;
using TorrentPS.Interop.Tests.Harness;
using TorrentPS.Interop.Tests.Peers;

namespace TorrentPS.Interop.Tests;

/// <summary>Other clients at our tracker.</summary>
public sealed class OwnTrackerTests : InteropTest
{
    private static readonly Payload s_payload = Payload.SingleFile("announced.bin", 1 << 20);

    private readonly ConcurrentQueue<TrackerRequest> _announces = new();

    [Theory(Timeout = Limits.Test)]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task Libtorrent_finds_another_libtorrent(string scheme)
    {
        await using TrackerServer tracker = Start();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, Announce(tracker, scheme));
        await using LibtorrentPeer seeder = await LibtorrentPeer.SeedAsync(torrent, Source(s_payload), trackers: true);
        await UntilAsync(request => request.EndPoint.Port == seeder.EndPoint.Port && request.Left == 0, "libtorrent's seeder has announced");
        await using LibtorrentPeer leecher = await LibtorrentPeer.StartAsync(torrent, Target, trackers: true);

        await leecher.UntilCompleteAsync();

        s_payload.AssertIn(Target);
        await UntilAsync(request => request.EndPoint.Port == leecher.EndPoint.Port && request.Event == AnnounceEvent.Completed, "libtorrent has announced its completion");
        Assert.All(_announces, request => Assert.Equal((scheme == "udp", torrent.InfoHash), (request.IsUdp, request.InfoHash.ToString())));
        Assert.Equal((1, 2), (tracker.TorrentCount, tracker.PeerCount));
    }

    // Transmission 3.00 never connects to a loopback address: our leecher finds it through the tracker.
    [Theory(Timeout = Limits.Test)]
    [InlineData("http")]
    [InlineData("udp")]
    public async Task Transmission_announces_and_is_found(string scheme)
    {
        await using TrackerServer tracker = Start();
        TestTorrent torrent = TestTorrent.Create(s_payload, Temp.Path, 64 << 10, Announce(tracker, scheme));
        await using TransmissionPeer seeder = await TransmissionPeer.SeedAsync(torrent, Source(s_payload), Temp);
        await UntilAsync(request => request.EndPoint.Port == seeder.EndPoint.Port && request.Left == 0, "Transmission has announced");
        TrackerRequest announce = _announces.First(request => request.EndPoint.Port == seeder.EndPoint.Port);
        Assert.Equal((scheme == "udp", AnnounceEvent.Started, torrent.InfoHash), (announce.IsUdp, announce.Event, announce.InfoHash.ToString()));
        Assert.StartsWith("-TR", System.Text.Encoding.Latin1.GetString(announce.PeerId.Span), StringComparison.Ordinal);

        await OwnPeer.DownloadAsync(torrent, OwnPeer.Options(Target));

        s_payload.AssertIn(Target);
    }

    // Others must connect to the address that each client binds, while announces come from another address of this machine.
    private TrackerServer Start() => TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0), new TrackerServerOptions { OnAnnounce = _announces.Enqueue, TrustsGivenAddress = true });

    private static string Announce(TrackerServer tracker, string scheme) => (scheme == "udp" ? tracker.UdpAnnounceUri! : tracker.AnnounceUri).ToString();

    private Task UntilAsync(Func<TrackerRequest, bool> condition, string what) => Until.TrueAsync(() => Task.FromResult(_announces.Any(condition)), Limits.Start, what, () => string.Join('\n', _announces));
}
