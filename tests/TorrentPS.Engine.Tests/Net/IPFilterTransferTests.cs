using System.Net;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Engine.Discovery.Searches;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Swarm;
using TorrentPS.Engine.TrackerHosting;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Net;

/// <summary>A client with an IP filter neither connects to blocked addresses, whatever their source, nor accepts connections from them.</summary>
public sealed class IPFilterTransferTests : IDisposable
{
    private static readonly Sample s_sample = Sample.Make(65536, 5, ("one.bin", 1_000_000));
    private static readonly IPAddress s_second = IPAddress.Parse("127.0.0.2");

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(PeerTransport.Tcp)]
    [InlineData(PeerTransport.Utp)]
    public async Task A_blocked_address_is_not_connected_to_but_others_are(PeerTransport transport)
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { Transport = transport });
        FakeTimeProvider time = new();
        await using SwarmMember blocked = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => options with { Transport = transport }, Blocking("127.0.0.1") with { TimeProvider = time });
        Assert.NotEqual(TorrentState.Completed, (await blocked.EndAsync(time)).State);
        Assert.Contains("The IP filter blocks 1 of the addresses", blocked.LogText);
        Assert.DoesNotContain($"Peer {seed.EndPoint}", blocked.LogText);
        if (!OperatingSystem.IsLinux() || transport == PeerTransport.Utp)
            return; // elsewhere 127.0.0.2 is no address of the machine, and datagrams to it are answered from 127.0.0.1
        await using SwarmMember free = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint, new IPEndPoint(s_second, seed.EndPoint.Port)], options => options with { Transport = transport }, Blocking("127.0.0.1"));
        TorrentDownload result = await free.EndAsync();
        Assert.True(result.State == TorrentState.Completed, free.LogText);
    }

    [Theory]
    [InlineData(PeerTransport.Tcp)]
    [InlineData(PeerTransport.Utp)]
    public async Task A_blocked_address_is_not_accepted(PeerTransport transport)
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { Transport = transport }, client: Blocking("127.0.0.1"));
        FakeTimeProvider time = new();
        await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => options with { Transport = transport }, new TorrentClientOptions { TimeProvider = time });
        if (transport == PeerTransport.Tcp)
            await time.UntilAsync(() => seed.LogText.Contains("The IP filter blocked 127.0.0.1", StringComparison.Ordinal), 0.1, atMost: 8, () => seed.LogText);
        Assert.NotEqual(TorrentState.Completed, (await member.EndAsync(time)).State);
        Assert.Equal(0, (await seed.StopAsync()).Uploaded);
    }

    [Fact]
    public async Task Blocked_peers_of_a_tracker_are_left_out_of_a_search_and_a_handshake_is_refused()
    {
        await using TrackerServer tracker = TrackerServer.Start(new IPEndPoint(IPAddress.Loopback, 0));
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, s_sample.Torrent.With([], tracker.AnnounceUri));
        var torrent = new TorrentInfo(s_sample.Torrent.With([], tracker.AnnounceUri));
        await seed.UntilAsync(_ => tracker.PeerCount > 0);
        await using var open = new TorrentClient(new TorrentClientOptions { LocalDiscovery = false });
        Assert.Single(await FindAsync(open, torrent));
        await using var closed = new TorrentClient(Blocking("127.0.0.0/8") with { LocalDiscovery = false });
        Assert.Empty(await FindAsync(closed, torrent));
        PeerHandshake handshake = await closed.TestHandshakeAsync(seed.EndPoint, s_sample.Torrent.InfoHash, cancellationToken: Token);
        Assert.Equal((PeerHandshakeStatus.Unreachable, "The IP filter blocks 127.0.0.1."), (handshake.Status, handshake.Error));
    }

    [Fact]
    public void Addresses_from_any_source_are_filtered()
    {
        var book = new PeerBook(Filter("192.0.2.0/24"));
        Assert.False(book.Add(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 1), PeerSource.Tracker, 0));
        Assert.False(book.Add(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 1), PeerSource.Manual, 0));
        Assert.False(book.Add(new IPEndPoint(IPAddress.Parse("::ffff:192.0.2.2"), 1), PeerSource.Dht, 0));
        Assert.False(book.AddFromPeer(new IPEndPoint(IPAddress.Parse("192.0.2.3"), 1), PeerExchangeFlags.None, new PeerTeller(), 0)); // peer exchange, and holepunching
        Assert.Null(book.AddComer(new IPEndPoint(IPAddress.Parse("192.0.2.4"), 1), 0));
        Assert.Null(book.Find(new IPEndPoint(IPAddress.Parse("192.0.2.3"), 1)));
        Assert.True(book.Add(new IPEndPoint(IPAddress.Parse("198.51.100.1"), 1), PeerSource.Tracker, 0));
        Assert.Equal((1, 4, 0), (book.Seen, book.TakeBlocked(), book.TakeBlocked()));
    }

    [Fact]
    public void No_DHT_node_is_at_a_blocked_address()
    {
        var scope = new DhtScope(Filter("9.9.9.0/24\n2001:db8::/32"));
        Assert.False(scope.Contains(IPEndPoint.Parse("9.9.9.9:6881")));
        Assert.False(scope.Contains(IPEndPoint.Parse("[2001:db8::1]:6881")));
        Assert.True(scope.Contains(IPEndPoint.Parse("9.9.8.9:6881")));
    }

    [Fact]
    public async Task Datagrams_of_blocked_addresses_are_neither_sent_nor_received()
    {
        await using UdpPort open = UdpPort.Open(0);
        await using UdpPort closed = UdpPort.Open(0, Filter("127.0.0.1"));
        var first = new Listener();
        var second = new Listener();
        open.AttachDht(first);
        closed.AttachDht(second);
        IPEndPoint toOpen = new(IPAddress.Loopback, open.Port), toClosed = new(IPAddress.Loopback, closed.Port);
        closed.Send("d1"u8, toOpen);
        open.Send("d2"u8, toClosed);
        // Loopback keeps the order, so packets sent later over open paths have overtaken nothing.
        open.Send("d3"u8, toOpen);
        closed.Send("d4"u8, new IPEndPoint(IPAddress.IPv6Loopback, closed.Port));
        Assert.Equal("d3", await first.Received.Task.WaitAsync(TimeSpan.FromMinutes(5), Token));
        Assert.Equal("d4", await second.Received.Task.WaitAsync(TimeSpan.FromMinutes(5), Token));
    }

    [Theory]
    [InlineData(PeerTransport.Tcp)]
    [InlineData(PeerTransport.Utp)]
    public async Task Peers_outside_the_allowed_networks_are_neither_connected_to_nor_accepted(PeerTransport transport)
    {
        await using SwarmMember seed = await SwarmMember.SeedAsync(s_sample, change: options => options with { Transport = transport }, client: Allowing("127.0.0.2"));
        foreach ((string? allowed, bool dials) in ((string?, bool)[])[(null, true), ("192.168.0.0/16", false)])
        {
            FakeTimeProvider time = new();
            await using SwarmMember member = SwarmMember.Download(s_sample.Torrent, null, [seed.EndPoint], options => options with { Transport = transport }, Allowing(allowed) with { TimeProvider = time });
            Assert.NotEqual(TorrentState.Completed, (await member.EndAsync(time)).State);
            Assert.Equal(!dials, member.LogText.Contains("The list of allowed addresses blocks 1 of the addresses", StringComparison.Ordinal));
        }

        Assert.Equal(0, (await seed.StopAsync()).Uploaded);
        await using SwarmMember near = await SwarmMember.SeedAsync(s_sample, change: options => options with { Transport = transport }, client: Allowing("127.0.0.0/8"));
        await using SwarmMember other = SwarmMember.Download(s_sample.Torrent, null, [near.EndPoint], options => options with { Transport = transport }, Allowing("::1", "127.0.0.1"));
        Assert.True((await other.EndAsync()).State == TorrentState.Completed, other.LogText);
    }

    [Fact]
    public async Task Peers_outside_the_allowed_networks_are_not_used_for_metadata_or_tests()
    {
        Sample sample = Sample.Build(16384, 5, null, ("a/one", 100_000));
        await using SwarmMember seed = await SwarmMember.SeedAsync(sample);
        var link = Torrent.FromLink(MagnetLink.FromTorrent(sample.Torrent));
        FakeTimeProvider time = new();
        await using SwarmMember far = SwarmMember.Download(link, null, [seed.EndPoint], options => options with { Timeout = TimeSpan.FromSeconds(60) }, Allowing("10.0.0.0/8") with { TimeProvider = time });
        Assert.NotEqual(TorrentState.Completed, (await far.EndAsync(time)).State);
        Assert.DoesNotContain($"Peer {seed.EndPoint}", far.LogText);
        await using SwarmMember near = SwarmMember.Download(link, null, [seed.EndPoint], client: Allowing("127.0.0.1"));
        Assert.True((await near.EndAsync()).State == TorrentState.Completed, near.LogText);
        await using var closed = new TorrentClient(Allowing("10.0.0.0/8") with { LocalDiscovery = false });
        PeerHandshake handshake = await closed.TestHandshakeAsync(seed.EndPoint, sample.Torrent.InfoHash, cancellationToken: Token);
        Assert.Equal((PeerHandshakeStatus.Unreachable, "127.0.0.1 is not among the allowed addresses."), (handshake.Status, handshake.Error));
    }

    private static TorrentClientOptions Allowing(params string?[] networks) =>
        new() { AllowedAddresses = networks is [null] ? null : AllowedAddresses.Parse(networks.OfType<string>()) };

    private static async Task<List<TorrentPeer>> FindAsync(TorrentClient client, TorrentInfo torrent)
    {
        List<TorrentPeer> peers = [];
        await foreach (TorrentPeer peer in client.FindPeersAsync(torrent, new PeerSearchOptions { Sources = [PeerSource.Tracker] }, Token))
            peers.Add(peer);
        return peers;
    }

    private TorrentClientOptions Blocking(string lines) => new() { IPFilter = Filter(lines) };

    private IPFilter Filter(string lines)
    {
        string path = Path.Combine(_folder.Path, Guid.NewGuid().ToString("n"));
        File.WriteAllText(path, lines);
        return IPFilter.Load([path]);
    }

    private sealed class Listener : IDatagramConsumer
    {
        public TaskCompletionSource<string> Received { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Receive(ReadOnlySpan<byte> datagram, IPEndPoint from) => Received.TrySetResult(System.Text.Encoding.ASCII.GetString(datagram));
    }
}
