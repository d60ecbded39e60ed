using System.Net;
using System.Net.Sockets;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Discovery.Dht;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

/// <summary>The smaller parts of a node.</summary>
public sealed class DhtPartsTests
{
    private static readonly IPAddress s_address = IPAddress.Parse("203.0.113.9");
    private static readonly IPAddress s_other = IPAddress.Parse("198.51.100.7");
    private static readonly NodeId s_hash = NodeId.Random();

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0, true)]
    [InlineData(4.9, true)]
    [InlineData(9.9, true)] // the secret was replaced once
    [InlineData(10.1, false)]
    [InlineData(60, false)]
    public void A_token_is_valid_for_five_to_ten_minutes(double minutes, bool isGood)
    {
        var mint = new TokenMint(_time);
        byte[] token = mint.Create(s_address, s_hash);
        for (int seconds = 0; seconds < minutes * 60; seconds += 6)
        {
            _time.Advance(TimeSpan.FromSeconds(6));
            mint.Create(s_other, s_hash);
        }

        Assert.Equal(isGood, mint.IsValid(token, s_address, s_hash));
    }

    [Fact]
    public void A_token_is_for_one_address_and_one_torrent()
    {
        var mint = new TokenMint(_time);
        byte[] token = mint.Create(s_address, s_hash);

        Assert.False(mint.IsValid(token, s_other, s_hash));
        Assert.False(mint.IsValid(token, s_address, NodeId.Random()));
        Assert.False(mint.IsValid([], s_address, s_hash));
        Assert.False(mint.IsValid(token.AsSpan(0, 4), s_address, s_hash));
        Assert.False(new TokenMint(_time).IsValid(token, s_address, s_hash));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.False(mint.IsValid(token, s_address, s_hash)); // no query came in between
    }

    [Fact]
    public void Peers_that_stop_announcing_are_removed()
    {
        var store = new PeerStore(_time);
        IPEndPoint first = new(s_address, 1), second = new(s_other, 2);
        store.Add(s_hash, first, isSeed: false);
        _time.Advance(TimeSpan.FromMinutes(30));
        store.Add(s_hash, second, isSeed: true);
        Assert.Equal(2, store.Choose(s_hash, 10, noSeeds: false).Count);
        Assert.Equal([first], store.Choose(s_hash, 10, noSeeds: true));

        _time.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal([second], store.Choose(s_hash, 10, noSeeds: false));
        _time.Advance(TimeSpan.FromMinutes(30));
        store.Add(NodeId.Random(), first, isSeed: false);

        Assert.Equal(1, store.TorrentCount);
    }

    [Fact]
    public void Peers_and_torrents_are_kept_within_limits()
    {
        var store = new PeerStore(_time);
        for (int i = 0; i < PeerStore.MaxPeers + 10; i++)
        {
            store.Add(s_hash, new IPEndPoint(DhtNetwork.AddressOf(i).Address, 1), isSeed: false);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        List<IPEndPoint> peers = store.Choose(s_hash, int.MaxValue, noSeeds: false);
        Assert.Equal(PeerStore.MaxPeers, peers.Count);
        Assert.DoesNotContain(peers, peer => peer.Address.Equals(DhtNetwork.AddressOf(9).Address)); // the oldest was evicted
        Assert.Contains(peers, peer => peer.Address.Equals(DhtNetwork.AddressOf(10).Address));
        Assert.Equal(50, store.Choose(s_hash, 50, noSeeds: false).Distinct().Count());

        for (int i = 0; i < PeerStore.MaxTorrents + 10; i++)
            store.Add(NodeId.Random(), new IPEndPoint(s_address, 1), isSeed: false);
        Assert.Equal(PeerStore.MaxTorrents, store.TorrentCount);
        Assert.Equal(PeerStore.MaxPeers, store.Choose(s_hash, int.MaxValue, noSeeds: false).Count); // the torrent with the most peers stays
    }

    [Fact]
    public void One_address_does_not_fill_a_torrent()
    {
        var store = new PeerStore(_time);
        for (int port = 1; port <= 100; port++)
        {
            store.Add(s_hash, new IPEndPoint(s_address, port), isSeed: false);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([97, 98, 99, 100], store.Choose(s_hash, 100, noSeeds: false).Select(peer => peer.Port).Order());
    }

    [Property(MaxTest = 100)]
    public void An_address_is_sent_no_more_than_the_limit_whatever_its_queries(ushort[] sizes, byte pause)
    {
        var limiter = new AnswerLimiter(_time);
        double seconds = 0;
        int sent = 0;
        for (int i = 0; i < 200; i++)
        {
            int size = sizes.Length == 0 ? 1000 : sizes[i % sizes.Length] % (KrpcWriter.MaxLength + 1);
            if (limiter.MayAnswer(s_address))
            {
                limiter.Spend(s_address, size);
                sent += size;
            }

            _time.Advance(TimeSpan.FromMilliseconds(pause));
            seconds += pause / 1000.0;
        }

        Assert.True(sent <= AnswerLimiter.BurstPerAddress + seconds * AnswerLimiter.RatePerAddress + KrpcWriter.MaxLength);
    }

    [Fact]
    public void All_addresses_together_are_sent_no_more_than_the_limit()
    {
        var limiter = new AnswerLimiter(_time);
        long sent = 0;
        for (int i = 0; i < 100_000; i++)
        {
            IPAddress address = DhtNetwork.AddressOf(i).Address;
            if (!limiter.MayAnswer(address))
                continue;
            limiter.Spend(address, 500);
            sent += 500;
        }

        Assert.InRange(sent, AnswerLimiter.BurstInAll, AnswerLimiter.BurstInAll + 500);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(limiter.MayAnswer(s_address));
    }

    [Theory]
    [InlineData("8.8.8.8:6881", true, true)]
    [InlineData("8.8.8.8:0", false, false)]
    [InlineData("127.0.0.1:6881", false, true)]
    [InlineData("10.0.0.1:6881", false, true)]
    [InlineData("172.16.0.1:6881", false, true)]
    [InlineData("172.32.0.1:6881", true, true)]
    [InlineData("192.168.1.1:6881", false, true)]
    [InlineData("169.254.1.1:6881", false, true)]
    [InlineData("100.64.0.1:6881", false, true)]
    [InlineData("0.0.0.0:6881", false, false)]
    [InlineData("224.0.0.1:6881", false, false)]
    [InlineData("255.255.255.255:6881", false, false)]
    [InlineData("[2a00::1]:6881", true, true)]
    [InlineData("[::1]:6881", false, true)]
    [InlineData("[fe80::1]:6881", false, true)]
    [InlineData("[fd00::1]:6881", false, true)]
    [InlineData("[ff02::1]:6881", false, false)]
    [InlineData("[::]:6881", false, false)]
    [InlineData("[::ffff:8.8.8.8]:6881", false, false)]
    public void Impossible_and_local_addresses_are_ignored(string address, bool onInternet, bool inPrivate)
    {
        var internet = new DhtScope();
        internet.Include(IPAddress.Parse("9.9.9.9"));
        var closed = new DhtScope();
        closed.Include(IPAddress.Parse("127.0.0.1"));

        Assert.Equal((onInternet, inPrivate), (internet.Contains(IPEndPoint.Parse(address)), closed.Contains(IPEndPoint.Parse(address))));
    }

    [Fact]
    public void The_state_is_read_as_it_was_written()
    {
        DhtContact[] v4 = [.. Enumerable.Range(0, 20).Select(i => new DhtContact(NodeId.Random(), DhtNetwork.AddressOf(i)))];
        DhtContact[] v6 = [new(NodeId.Random(), new IPEndPoint(IPAddress.Parse("2001:db8::1"), 7))];
        var state = new DhtState { IdV4 = NodeId.Random(), IdV6 = NodeId.Random(), NodesV4 = v4, NodesV6 = v6 };

        DhtState? read = DhtState.Read(state.Write());

        Assert.NotNull(read);
        Assert.Equal((state.IdV4, state.IdV6), (read.IdV4, read.IdV6));
        Assert.Equal(v4, read.NodesV4);
        Assert.Equal(v6, read.NodesV6);
        Assert.Null(DhtState.Read("i1e"u8));
        Assert.Null(DhtState.Read("d2:id20:abc"u8));
        Assert.Null(DhtState.Read(""u8)?.IdV4);
        Assert.Empty(DhtState.Read("d2:id3:abc5:nodesi1ee"u8)!.NodesV4);
    }

    [Fact]
    public void The_nodes_of_a_message_are_read_up_to_a_limit()
    {
        DhtContact[] contacts = [.. Enumerable.Range(0, 5).Select(i => new DhtContact(NodeId.Random(), DhtNetwork.AddressOf(i)))];
        byte[] bytes = CompactAddress.WriteNodes(contacts, AddressFamily.InterNetwork);
        List<DhtContact> read = [];

        CompactAddress.ReadNodes([.. bytes, 1, 2, 3], AddressFamily.InterNetwork, 16, read);
        Assert.Equal(contacts, read);
        read.Clear();
        CompactAddress.ReadNodes(bytes, AddressFamily.InterNetwork, 3, read);
        Assert.Equal(contacts[..3], read);
    }
}
