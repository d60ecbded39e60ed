using System.Net;
using System.Net.Sockets;
using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Discovery.Dht;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

/// <summary>The answers, the admission of other nodes and the lookups of a node.</summary>
public sealed class DhtNodeTests
{
    private const string Id = "2:id20:abcdefghij0123456789";
    private static readonly IPEndPoint s_asker = IPEndPoint.Parse("203.0.113.9:6881");
    private static readonly NodeId s_torrent = NodeId.Read("mnopqrstuvwxyz123456"u8);

    private readonly DhtNetwork _network = new(seed: 7);

    [Fact]
    public void A_ping_is_answered_with_the_address_of_its_sender()
    {
        DhtNetwork.Member member = _network.Add();

        Reply reply = Ask(member, $"d1:ad{Id}e1:q4:ping1:t5:x y z1:y1:qe");

        Assert.Equal((KrpcType.Response, member.Node.Id, "x y z", s_asker), (reply.Type, reply.Id, reply.TransactionId, reply.External));
    }

    [Theory]
    [InlineData("d1:ade1:q4:ping1:t2:aa1:y1:qe", 203)]
    [InlineData("d1:ad2:id3:abce1:q4:ping1:t2:aa1:y1:qe", 203)]
    [InlineData($"d1:ad{Id}e1:q9:find_node1:t2:aa1:y1:qe", 203)]
    [InlineData($"d1:ad{Id}9:info_hash2:xxe1:q9:get_peers1:t2:aa1:y1:qe", 203)]
    [InlineData($"d1:ad{Id}9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe", 203)]
    [InlineData($"d1:ad{Id}9:info_hash20:mnopqrstuvwxyz1234564:porti0e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe", 203)]
    [InlineData($"d1:ad{Id}e1:q4:vote1:t2:aa1:y1:qe", 204)]
    public void The_error_in_a_query_is_reported(string query, int code)
    {
        Reply reply = Ask(_network.Add(), query);

        Assert.Equal((KrpcType.Error, (long)code, "aa"), (reply.Type, reply.ErrorCode, reply.TransactionId));
    }

    [Fact]
    public void An_unknown_method_with_a_target_is_answered_with_nodes()
    {
        DhtNetwork.Member member = _network.Add();
        Know(member, 3);

        Assert.Equal(3, Ask(member, $"d1:ad{Id}6:target20:mnopqrstuvwxyz123456e1:q17:sample_infohashes1:t2:aa1:y1:qe").Nodes);
    }

    [Theory]
    [InlineData("", 8, 0)]
    [InlineData("4:wantl2:n4e", 8, 0)]
    [InlineData("4:wantl2:n6e", 0, 2)]
    [InlineData("4:wantl2:n42:n62:n9i1ee", 8, 2)]
    public void Nodes_of_the_requested_families_are_returned(string want, int v4, int v6)
    {
        DhtNetwork.Member member = _network.Add(), sibling = _network.Add(new IPEndPoint(IPAddress.Parse("2a00::1"), 6881));
        member.Node.Sibling = sibling.Node;
        Know(member, 20);
        for (int i = 0; i < 2; i++)
            sibling.Node.Table.Answered(new DhtContact(NodeId.Random(), new IPEndPoint(IPAddress.Parse($"2a00:{i + 1}::1"), 6881)), TimeSpan.Zero);

        Reply reply = Ask(member, $"d1:ad{Id}6:target20:mnopqrstuvwxyz123456{want}e1:q9:find_node1:t2:aa1:y1:qe");

        Assert.Equal((v4, v6), (reply.Nodes, reply.Nodes6));
    }

    [Theory]
    [InlineData("9:info_hash20:mnopqrstuvwxyz1234564:porti51413e", 51413)]
    [InlineData("12:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti51413e", 6881)]
    public void A_peer_is_announced_with_the_token_for_it(string arguments, int port)
    {
        DhtNetwork.Member member = _network.Add();
        Reply first = Ask(member, $"d1:ad{Id}9:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe");
        Assert.Empty(first.Values);

        Assert.Equal(KrpcType.Response, Ask(member, $"d1:ad{Id}{arguments}5:token8:{first.Token}e1:q13:announce_peer1:t2:aa1:y1:qe").Type);

        Assert.Equal([new IPEndPoint(s_asker.Address, port)], Ask(member, $"d1:ad{Id}9:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe").Values);
    }

    [Fact]
    public void No_answer_exceeds_the_packet_limit()
    {
        DhtNetwork.Member member = _network.Add(), sibling = _network.Add(new IPEndPoint(IPAddress.Parse("2a00::1"), 6881));
        (member.Node.Sibling, sibling.Node.Sibling) = (sibling.Node, member.Node);
        Know(member, 20);
        for (int i = 0; i < 20; i++)
            sibling.Node.Table.Answered(new DhtContact(NodeId.Random(), new IPEndPoint(IPAddress.Parse($"2a00:{i + 1}::1"), 6881)), TimeSpan.Zero);
        for (int i = 0; i < 200; i++)
        {
            member.Node.Peers.Add(s_torrent, new IPEndPoint(DhtNetwork.AddressOf(i).Address, 1), isSeed: false);
            sibling.Node.Peers.Add(s_torrent, new IPEndPoint(IPAddress.Parse($"2a00:{i + 1}::2"), 1), isSeed: false);
        }

        string query = $"d1:ad{Id}9:info_hash20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:get_peers1:t32:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1:y1:qe";
        Reply v4 = Ask(member, query), v6 = Ask(sibling, query, IPEndPoint.Parse("[2a00:9::9]:6881"));

        Assert.Equal((8, 8, 32), (v4.Nodes, v4.Nodes6, v4.TransactionId.Length));
        Assert.True(v4.Values.Count >= 20 && v6.Values.Count >= 5);
        Assert.All(v6.Values, peer => Assert.Equal(AddressFamily.InterNetworkV6, peer.AddressFamily));
        Assert.InRange(_network.LongestPacket, 900, KrpcWriter.MaxLength);
    }

    [Fact]
    public void A_forged_source_gets_only_a_trickle()
    {
        DhtNetwork.Member member = _network.Add();
        Know(member, 20);
        for (int i = 0; i < 10_000; i++)
        {
            member.Node.Receive(KrpcMessageTests.Latin1($"d1:ad{Id}9:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers2:roi1e1:t2:aa1:y1:qe"), s_asker);
            _network.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        int sent = member.Sent.Sum(packet => packet.Packet.Length);
        Assert.InRange(sent, AnswerLimiter.BurstPerAddress, AnswerLimiter.BurstPerAddress + 10 * AnswerLimiter.RatePerAddress + KrpcWriter.MaxLength);
    }

    [Fact]
    public void A_querying_node_is_added_to_the_table_when_it_answers()
    {
        DhtNetwork.Member member = _network.Add(), asker = _network.Add(), silent = _network.Add(), shy = _network.Add();
        silent.IsAlive = false;
        shy.Node.IsReadOnly = true;
        Ask(member, $"d1:ad{Id}e1:q4:ping1:t2:aa1:y1:qe", silent.EndPoint);
        _network.Do(asker, node => node.Ping(member.EndPoint));
        _network.Do(shy, node => node.Ping(member.EndPoint));

        _network.Run(TimeSpan.FromSeconds(20));

        Assert.Equal([new DhtContact(asker.Node.Id, asker.EndPoint)], member.Node.Table.Nodes.Select(node => node.Contact));
        Assert.DoesNotContain(member.Sent, packet => packet.To.Equals(shy.EndPoint) && IsQuery(packet.Packet)); // BEP 43
        Assert.Contains(shy.Node.Table.Nodes, node => node.Id == member.Node.Id);
    }

    [Fact]
    public void A_read_only_node_declares_itself_and_answers_nothing()
    {
        DhtNetwork.Member member = _network.Add();
        member.Node.IsReadOnly = true;
        member.Node.Ping(s_asker);
        member.Node.Receive(KrpcMessageTests.Latin1($"d1:ad{Id}e1:q4:ping1:t2:aa1:y1:qe"), s_asker);

        Assert.Contains("2:roi1e", Encoding.Latin1.GetString(Assert.Single(member.Sent).Packet), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_an_answer_of_the_queried_node_counts()
    {
        DhtNetwork.Member member = _network.Add();
        member.Node.Ping(s_asker);
        string id = Encoding.Latin1.GetString(Parse(member.Sent[^1].Packet).TransactionId);
        string answer = $"d1:rd{Id}e1:t2:{id}1:y1:re";

        member.Node.Receive(KrpcMessageTests.Latin1(answer), IPEndPoint.Parse("203.0.113.10:6881"));
        member.Node.Receive(KrpcMessageTests.Latin1(answer), IPEndPoint.Parse("203.0.113.9:6882"));
        member.Node.Receive(KrpcMessageTests.Latin1(answer.Replace($"2:{id}", "1:x", StringComparison.Ordinal)), s_asker);
        Assert.Equal(0, member.Node.Table.Count);
        member.Node.Receive(KrpcMessageTests.Latin1(answer), s_asker);

        Assert.Equal(1, member.Node.Table.Count);
    }

    [Fact]
    public void A_node_in_the_Internet_ignores_local_addresses()
    {
        DhtNetwork.Member member = _network.Add();
        IPEndPoint local = IPEndPoint.Parse("192.168.1.1:53");

        member.Node.Receive(KrpcMessageTests.Latin1($"d1:ad{Id}e1:q4:ping1:t2:aa1:y1:qe"), local);
        member.Node.Ping(local);
        member.Node.Recall([new DhtContact(NodeId.Random(), local)]);
        member.Node.AddEntry(local, isRouter: false);

        Assert.Empty(member.Sent);
        Assert.False(member.Node.KnowsAnyone);
    }

    [Fact]
    public void Our_id_follows_from_our_external_address()
    {
        DhtNetwork.Member member = _network.Add(_ => NodeId.Random());
        while (SecureNodeId.Matches(member.Node.Id, member.EndPoint.Address))
            member = _network.Add(_ => NodeId.Random());
        DhtNetwork.Member[] others = [.. Enumerable.Range(0, 5).Select(_ => _network.Add())];
        foreach (DhtNetwork.Member other in others)
            _network.Do(member, node => node.Ping(other.EndPoint));
        _network.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(member.EndPoint.Address, member.Node.ExternalAddress);
        Assert.True(SecureNodeId.Matches(member.Node.Id, member.EndPoint.Address));
        Assert.Equal(others.Length, member.Node.Table.AnsweredCount);
    }

    [Fact]
    public void A_dead_network_does_not_empty_the_table()
    {
        DhtNetwork.Member member = _network.Add(), other = _network.Add();
        _network.Do(member, node => node.Ping(other.EndPoint));
        _network.Run(TimeSpan.FromSeconds(1));
        other.IsAlive = false;

        _network.Run(TimeSpan.FromHours(2));

        Assert.Equal(1, member.Node.Table.Count);
    }

    [Property(MaxTest = 300)]
    public void No_packet_throws_and_no_answer_is_too_long(byte[] bytes, int place, byte which)
    {
        DhtNetwork.Member member = _network.Members.FirstOrDefault() ?? _network.Add();
        byte[] packet = KrpcMessageTests.Latin1($"d1:ad{Id}9:info_hash20:mnopqrstuvwxyz1234564:porti6881e4:wantl2:n42:n6ee1:q{(which % 2 == 0 ? "9:get_peers" : "13:announce_peer")}1:t2:aa1:y1:qe");
        for (int i = 0; i < bytes.Length; i++)
            packet[(int)((uint)(place + i) % packet.Length)] = bytes[i];

        member.Node.Receive(packet, s_asker);
        member.Node.Receive(bytes, s_asker);

        Assert.InRange(_network.LongestPacket, 0, KrpcWriter.MaxLength);
        _network.Time.Advance(TimeSpan.FromSeconds(1));
    }

    private static void Know(DhtNetwork.Member member, int count)
    {
        for (int i = 0; i < count; i++)
            member.Node.Table.Answered(new DhtContact(NodeId.Random(), DhtNetwork.AddressOf(1000 + i)), TimeSpan.Zero);
    }

    private static KrpcMessage Parse(byte[] packet)
    {
        Assert.True(KrpcMessage.TryParse(packet, out KrpcMessage message));
        return message;
    }

    private static bool IsQuery(byte[] packet) => Parse(packet).Type == KrpcType.Query;

    private static Reply Ask(DhtNetwork.Member member, string query, IPEndPoint? from = null)
    {
        int before = member.Sent.Count;
        member.Node.Receive(KrpcMessageTests.Latin1(query), from ?? s_asker);
        KrpcMessage message = Parse(member.Sent[before].Packet);
        return new Reply(message.Type, message.Id, Encoding.Latin1.GetString(message.TransactionId), CompactAddress.Read(message.ExternalAddress), message.ErrorCode,
            message.Nodes.Length / 26, message.Nodes6.Length / 38, Encoding.Latin1.GetString(message.Token), KrpcValues.Read(message.Values));
    }

    private sealed record Reply(KrpcType Type, NodeId? Id, string TransactionId, IPEndPoint? External, long ErrorCode, int Nodes, int Nodes6, string Token, List<IPEndPoint> Values);
}
