using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Discovery;
using TorrentPS.Engine.Trackers;
using static TorrentPS.Engine.Tests.Discovery.DiscoveryData;
using static TorrentPS.Engine.Trackers.UdpTrackerAction;

namespace TorrentPS.Engine.Tests.Trackers;

public class UdpTrackerTests
{
    private readonly ObservedTimeProvider _time = new();
    private readonly InMemoryUdpTracker _network;
    private IPAddress[] _addresses = [IPAddress.Parse("192.0.2.1")];
    private int _lookUps;

    public UdpTrackerTests() => _network = new InMemoryUdpTracker(_time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_connects_and_announces()
    {
        bool sent = false;
        AnnounceResponse response = await Tracker("udp://tracker.example:80/announce?key=1").AnnounceAsync(Request(AnnounceEvent.Started) with { Sent = () => sent = true }, Token);
        Assert.True(sent);
        DiscoveredPeer peer = Assert.Single(response.Peers);
        Assert.Equal(("192.0.2.7:80", PeerSource.Tracker, "udp://tracker.example:80/announce?key=1"), (peer.EndPoint.ToString(), peer.Source, peer.Tracker?.ToString()));
        Assert.Equal((TimeSpan.FromSeconds(900), 2, 3), (response.Interval, response.Complete, response.Incomplete));
        Assert.Equal([Connect, Announce], _network.Sent.Select(datagram => datagram.Action));
        Assert.All(_network.Sent, datagram => Assert.Equal("192.0.2.1:80", datagram.To.ToString()));
        UdpAnnounce announce = Read(_network.Sent[1].Datagram);
        Assert.Equal(Hash.Wire, announce.InfoHash);
        Assert.Equal(PeerId, announce.PeerId);
        Assert.Equal((1, 2, 3_000_000_000), (announce.Uploaded, announce.Downloaded, announce.Left));
        Assert.Equal((AnnounceEvent.Started, 0u, 0xdeadbeef, AnnounceRequest.DefaultNumWant, 6881), (announce.Event, announce.Address, announce.Key, announce.NumWant, announce.Port));
        Assert.Equal("/announce?key=1"u8, announce.UrlData);
        UdpTrackerRequest.TryReadHeader(_network.Sent[1].Datagram, out long connectionId, out _, out uint transactionId);
        Assert.Equal(0x1001, connectionId);
        UdpTrackerRequest.TryReadHeader(_network.Sent[0].Datagram, out _, out _, out uint first);
        Assert.NotEqual(first, transactionId);
    }

    [Fact]
    public async Task A_stop_requests_no_peers_and_a_given_address_is_passed_on()
    {
        await Tracker("udp://tracker.example:80").AnnounceAsync(Request(AnnounceEvent.Stopped) with { Address = IPAddress.Parse("192.0.2.99") }, Token);
        UdpAnnounce announce = Read(_network.Sent[^1].Datagram);
        Assert.Equal((AnnounceEvent.Stopped, 0, 0xC0000263), (announce.Event, announce.NumWant, announce.Address));
        Assert.True(announce.UrlData.IsEmpty);
        Assert.Equal(98, _network.Sent[^1].Datagram.Length);
    }

    [Fact]
    public async Task A_v2_hash_is_truncated_to_20_bytes()
    {
        byte[] v2 = [.. Enumerable.Range(1, 32).Select(number => (byte)number)];
        await Tracker().AnnounceAsync(Request() with { InfoHash = InfoHash.Create([], v2) }, Token);
        Assert.Equal(v2.AsSpan(0, 20), Read(_network.Sent[^1].Datagram).InfoHash);
    }

    [Fact]
    public async Task All_requests_use_a_connection_id_for_60_seconds()
    {
        TrackerFactory factory = Factory();
        ITracker tracker = factory.Create(new Uri("udp://tracker.example:80/announce"));
        await tracker.AnnounceAsync(Request(), Token);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(new ScrapeCounts(0, 1, 2), (await factory.Create(new Uri("udp://tracker.example:80/announce")).ScrapeAsync([Hash], null, Token)).Torrents[0]);
        Assert.Equal([Connect, Announce, Scrape], _network.Sent.Select(datagram => datagram.Action));
        _time.Advance(TimeSpan.FromSeconds(1));
        await tracker.AnnounceAsync(Request(), Token);
        Assert.Equal([Connect, Announce, Scrape, Connect, Announce], _network.Sent.Select(datagram => datagram.Action));
    }

    [Fact]
    public async Task No_socket_outlives_the_connection_id()
    {
        await Tracker().AnnounceAsync(Request(), Token);
        Assert.Equal(1, _network.Open);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, _network.Open);
    }

    [Fact]
    public async Task A_silent_tracker_is_asked_again_after_15_and_30_seconds_and_given_up_after_60()
    {
        _network.OnDatagram = (_, _) => [];
        Task<AnnounceResponse> announce = Tracker().AnnounceAsync(Request(), Token);
        await _network.PassAsync(1, 15);
        await _network.PassAsync(2, 30);
        await _network.PassAsync(3, 60 - 45, wait: 60);
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => announce);
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Equal([(0, Connect), (15, Connect), (45, Connect)], _network.Times);
        Assert.Single(_network.Sent.Select(datagram => Convert.ToHexString(datagram.Datagram)).Distinct());
        Assert.Equal(0, _network.Open);
    }

    [Fact]
    public async Task A_lost_announce_is_repeated_on_the_same_connection()
    {
        _network.OnDatagram = (to, datagram) => datagram.Length == 16 || _network.Sent.Count > 3 ? null : [];
        Task<AnnounceResponse> announce = Tracker().AnnounceAsync(Request(), Token);
        await _network.PassAsync(2, 15);
        await _network.PassAsync(3, 30);
        Assert.Single((await announce).Peers);
        Assert.Equal([(0, Connect), (0, Announce), (15, Announce), (45, Announce)], _network.Times);
    }

    [Fact]
    public async Task A_short_search_retransmits_early_enough_for_an_answer()
    {
        _network.OnDatagram = (_, _) => _network.Sent.Count == 1 ? [] : null;
        Task<AnnounceResponse> announce = Tracker().AnnounceAsync(Request() with { Patience = TimeSpan.FromSeconds(15) }, Token);
        await _network.PassAsync(1, 5);
        await announce;
        Assert.Equal([(0, Connect), (5, Connect), (5, Announce)], _network.Times);
    }

    [Fact]
    public async Task A_late_answer_to_the_first_of_two_datagrams_is_accepted()
    {
        byte[] first = [];
        _network.OnDatagram = (to, datagram) =>
        {
            if (_network.Sent.Count == 1)
                first = datagram;
            return _network.Sent.Count == 1 ? [] : _network.Sent.Count == 2 ? _network.Answer(to, first) : null;
        };
        Task<AnnounceResponse> announce = Tracker().AnnounceAsync(Request(), Token);
        await _network.PassAsync(1, 15);
        Assert.Single((await announce).Peers);
    }

    [Fact]
    public async Task A_tracker_that_forgot_the_connection_gets_a_new_one()
    {
        ITracker tracker = Tracker();
        await tracker.AnnounceAsync(Request(), Token);
        // A tracker that reports an error,
        _network.OnDatagram = (_, datagram) => _network.Sent.Count == 3 ? [InMemoryUdpTracker.Error(datagram, "Connection ID missmatch")] : null;
        await tracker.AnnounceAsync(Request(), Token);
        Assert.Equal([Announce, Connect, Announce], _network.Sent.Skip(2).Select(datagram => datagram.Action));
        // and one that does not answer.
        _network.OnDatagram = (_, _) => _network.Sent.Count == 6 ? [] : null;
        Task<AnnounceResponse> announce = tracker.AnnounceAsync(Request(), Token);
        await _network.PassAsync(6, 15);
        await announce;
        Assert.Equal([(0, Announce), (15, Connect), (15, Announce)], _network.Times.Skip(5));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(98)]
    public async Task An_error_has_the_trackers_own_words(int requestLength)
    {
        _network.OnDatagram = (_, datagram) => datagram.Length >= requestLength ? [InMemoryUdpTracker.Error(datagram, "Requested download is not authorized\u001b[31m for use.\0")] : null;
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => Tracker("udp://tracker.example:80/announce?secret").AnnounceAsync(Request(), Token));
        Assert.Equal(TorrentErrorId.TrackerFailure, error.ErrorId);
        Assert.Equal("Requested download is not authorized\\u001b[31m for use. (tracker udp://tracker.example:80/announce?…)", error.Message);
    }

    [Fact]
    public async Task An_announce_with_an_empty_answer_is_refused()
    {
        _network.OnDatagram = (to, datagram) => datagram.Length > 16 ? [_network.Answer(to, datagram)[0][..8]] : null;
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => Tracker().AnnounceAsync(Request(), Token));
        Assert.Equal(TorrentErrorId.TrackerFailure, error.ErrorId);
        Assert.StartsWith("The tracker does not serve this torrent", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_to_other_requests_are_skipped()
    {
        _network.OnDatagram = (to, datagram) =>
        {
            byte[] right = _network.Answer(to, datagram)[0];
            byte[] otherTransaction = [.. right];
            otherTransaction[7] ^= 1;
            byte[] otherAction = [.. right];
            otherAction[3] = (byte)(right[3] == 0 ? 2 : 0);
            byte[] unknownAction = [.. right];
            unknownAction[2] = 1;
            byte[] otherError = InMemoryUdpTracker.Error(datagram, "no");
            otherError[4] ^= 1;
            return [[], [0], right[..7], right[..9], right[..15], otherTransaction, otherAction, unknownAction, otherError, right];
        };
        Assert.Single((await Tracker().AnnounceAsync(Request(), Token)).Peers);
        Assert.Equal([(0, Connect), (0, Announce)], _network.Times);
    }

    [Fact]
    public async Task Both_address_families_of_a_host_get_announces()
    {
        _addresses = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")];
        AnnounceResponse response = await Tracker().AnnounceAsync(Request(), Token);
        Assert.Equal(["192.0.2.7:80", "[2001:db8::7]:80"], response.Peers.Select(peer => peer.EndPoint.ToString()));
        Assert.Equal(4, _network.Sent.Count);
    }

    [Fact]
    public async Task The_first_address_family_to_answer_is_passed_on_and_one_is_enough()
    {
        _addresses = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")];
        _network.OnDatagram = (to, _) => to.Address.Equals(_addresses[1]) ? [] : null;
        var part = new TaskCompletionSource<AnnounceResponse>();
        Task<AnnounceResponse> announce = Tracker().AnnounceAsync(Request() with { PartReceived = part.SetResult }, Token);
        Assert.Single((await part.Task.WaitAsync(Token)).Peers);
        await _time.UntilTimerAsync(0, 5);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("192.0.2.7:80", Assert.Single((await announce).Peers).EndPoint.ToString());

        _network.Refusing.Add(_addresses[0]);
        _network.OnDatagram = (_, _) => null;
        Assert.Equal("[2001:db8::7]:80", Assert.Single((await Tracker().AnnounceAsync(Request(), Token)).Peers).EndPoint.ToString());
    }

    [Fact]
    public async Task An_address_that_refuses_or_is_silent_is_skipped()
    {
        _addresses = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2"), IPAddress.Parse("192.0.2.3")];
        _network.Refusing.Add(_addresses[0]);
        _network.OnDatagram = (to, _) => to.Address.Equals(_addresses[1]) ? [] : null;
        Task<AnnounceResponse> announce = Tracker().AnnounceAsync(Request() with { Patience = TimeSpan.FromSeconds(45) }, Token);
        await _network.PassAsync(2, 5);
        await announce;
        Assert.Equal(["192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80", "192.0.2.3:80"], _network.Sent.Select(datagram => datagram.To.ToString()));
    }

    [Fact]
    public async Task A_port_without_a_listener_is_an_error_at_once()
    {
        _network.Refusing.Add(_addresses[0]);
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => Tracker().AnnounceAsync(Request(), Token));
        Assert.Equal((TorrentErrorId.TrackerUnreachable, "Tracker udp://tracker.example:80/announce cannot be used: the connection was refused."), (error.ErrorId, error.Message));
        Assert.Equal(0, _network.Open);
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_the_resolver()
    {
        ITracker tracker = Tracker();
        await tracker.AnnounceAsync(Request(AnnounceEvent.Started), Token);
        await tracker.AnnounceAsync(Request(), Token);
        Assert.Equal(2, _lookUps);
        await tracker.AnnounceAsync(Request(AnnounceEvent.Stopped), Token);
        Assert.Equal(2, _lookUps);
    }

    [Fact]
    public async Task Many_torrents_are_scraped_74_at_once()
    {
        InfoHash[] hashes = [.. Enumerable.Range(0, 100).Select(number => InfoHash.Create([.. Enumerable.Repeat((byte)number, 20)]))];
        ScrapeResponse response = await Tracker().ScrapeAsync(hashes, null, Token);
        Assert.Equal([16, 16 + 74 * 20, 16 + 26 * 20], _network.Sent.Select(datagram => datagram.Datagram.Length));
        Assert.Equal(hashes[74].Wire, _network.Sent[2].Datagram.AsSpan(16, 20));
        Assert.Equal([.. Enumerable.Range(0, 74), .. Enumerable.Range(0, 26)], response.Torrents.Select(counts => counts!.Value.Complete!.Value));
    }

    [Fact]
    public async Task Counts_missing_from_a_scrape_stay_unknown()
    {
        _network.OnDatagram = (to, datagram) => datagram.Length > 16 ? [_network.Answer(to, datagram)[0][..^1]] : null;
        Assert.Equal([new ScrapeCounts(0, 1, 2), null], (await Tracker().ScrapeAsync([Hash, Hash], null, Token)).Torrents);
    }

    [Theory]
    [InlineData("udp://tracker.example:80", "127.0.0.1", true)]
    [InlineData("udp://tracker.example:80/", "127.0.0.1", true)]
    [InlineData("udp://tracker.example:80/announce", "::1", true)]
    [InlineData("udp://tracker.example:80/x/announce.php?a=b", "127.0.0.1", true)]
    [InlineData("udp://tracker.example:80/x", "127.0.0.1", false)]
    [InlineData("udp://tracker.example:80/?announce", "::1", true)]
    [InlineData("udp://tracker.example:80/x", "192.0.2.1", true)]
    public async Task On_this_machine_only_likely_trackers_are_contacted(string uri, string address, bool isAsked)
    {
        _addresses = [IPAddress.Parse(address)];
        if (isAsked)
        {
            await Tracker(uri).AnnounceAsync(Request(), Token);
            return;
        }
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => Tracker(uri).AnnounceAsync(Request(), Token));
        Assert.Contains("on this machine", error.Message, StringComparison.Ordinal);
        Assert.Empty(_network.Sent);
    }

    [Theory]
    [InlineData("udp://tracker.example/announce", "no port")]
    [InlineData("udp://tracker.example:0/announce", "no port")]
    public async Task An_invalid_address_is_refused(string uri, string expected)
    {
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => Tracker(uri).AnnounceAsync(Request(), Token));
        Assert.Equal(TorrentErrorId.TrackerUnreachable, error.ErrorId);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<TorrentException>(() => Tracker("udp://tracker.example:1/announce?" + new string('a', 1024)).ScrapeAsync([Hash], null, Token));
        Assert.Contains("longer than 1024", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_ends_when_it_is_cancelled()
    {
        _network.OnDatagram = (_, _) => [];
        using var source = new CancellationTokenSource();
        Task<AnnounceResponse> announce = Tracker().AnnounceAsync(Request(), source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => announce);
        Assert.Equal(0, _network.Open);
    }

    [Fact]
    public async Task Only_the_queried_address_is_heard()
    {
        using var real = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        real.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var factory = new TrackerFactory(new HttpFetch(TimeProvider.System));
        Task<AnnounceResponse> announce = factory.Create(new Uri($"udp://{real.LocalEndPoint}")).AnnounceAsync(Request(), Token);
        byte[] buffer = new byte[2048];
        for (int i = 0; i < 2; i++)
        {
            SocketReceiveFromResult received = await real.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), Token);
            byte[] request = buffer[..received.ReceivedBytes];
            await other.SendToAsync(InMemoryUdpTracker.Error(request, "forged"), received.RemoteEndPoint, Token);
            await real.SendToAsync(_network.Answer((IPEndPoint)real.LocalEndPoint!, request)[0], received.RemoteEndPoint, Token);
        }
        Assert.Single((await announce).Peers);
    }

    [Fact]
    public async Task A_system_port_without_a_listener_is_refused_at_once()
    {
        int port;
        using (var free = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)free.LocalEndPoint!).Port;
        }
        using var factory = new TrackerFactory(new HttpFetch(TimeProvider.System));
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => factory.Create(new Uri($"udp://127.0.0.1:{port}")).AnnounceAsync(Request(), Token));
        Assert.Contains("refused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_with_one_datagram_fails_the_announce_but_not_later_ones()
    {
        _network.Fault = new InvalidOperationException("injected");
        using TrackerFactory factory = Factory();
        ITracker tracker = factory.Create(new Uri("udp://tracker.example:80/announce"));
        TorrentException error = await Assert.ThrowsAsync<TorrentException>(() => tracker.AnnounceAsync(Request(), Token));
        Assert.Contains("InvalidOperationException: injected", error.Message, StringComparison.Ordinal);
        Assert.Single((await tracker.AnnounceAsync(Request(), Token)).Peers);
    }

    private static UdpAnnounce Read(byte[] datagram)
    {
        Assert.True(UdpTrackerRequest.TryReadAnnounce(datagram, new byte[1024], out UdpAnnounce announce));
        return announce;
    }

    private ITracker Tracker(string uri = "udp://tracker.example:80/announce") => Factory().Create(new Uri(uri));

    private TrackerFactory Factory()
    {
        var http = new HttpFetch(_time, (host, _) =>
        {
            Assert.Equal("tracker.example", host);
            _lookUps++;
            return Task.FromResult(_addresses);
        });
        return new TrackerFactory(http, new UdpTrackerConnections(_time, remote => _network.OpenSocket((IPEndPoint)remote)));
    }
}
