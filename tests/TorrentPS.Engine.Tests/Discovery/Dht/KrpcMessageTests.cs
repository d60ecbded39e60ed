using System.Net;
using System.Net.Sockets;
using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Discovery.Dht;

namespace TorrentPS.Engine.Tests.Discovery.Dht;

/// <summary>The messages of BEP 5, byte by byte.</summary>
public sealed class KrpcMessageTests
{
    private const string Asker = "abcdefghij0123456789";
    private const string Asked = "mnopqrstuvwxyz123456";
    private const ushort Aa = 0x6161;

    private static readonly byte[][] s_examples =
    [
        Latin1("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"),
        Latin1("d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re"),
        Latin1("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe"),
        Latin1("d1:rd2:id20:0123456789abcdefghij5:nodes9:def456...e1:t2:aa1:y1:re"),
        Latin1("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:y1:qe"),
        Latin1("d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:re"),
        Latin1("d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe"),
        Latin1("d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee"),
        Latin1("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234566:noseedi1e6:scrapei1e4:wantl2:n42:n6ee2:ip6:abcdef1:q9:get_peers2:roi1e1:t2:aa1:v4:LT\0\u00011:y1:qe"),
    ];

    [Fact]
    public void The_examples_are_read()
    {
        Assert.All(s_examples, example => Assert.True(KrpcMessage.TryParse(example, out _)));
        KrpcMessage ping = Parse(s_examples[0]);
        Assert.Equal((KrpcType.Query, KrpcMethod.Ping, Asker, "aa"), (ping.Type, ping.Method, TextOf(ping.Id), TextOf(ping.TransactionId)));
        Assert.False(ping.IsReadOnly);
        KrpcMessage pong = Parse(s_examples[1]);
        Assert.Equal((KrpcType.Response, Asked), (pong.Type, TextOf(pong.Id)));
        KrpcMessage find = Parse(s_examples[2]);
        Assert.Equal((KrpcMethod.FindNode, Asked, KrpcWants.Unsaid), (find.Method, TextOf(find.Target), find.Wants));
        KrpcMessage found = Parse(s_examples[3]);
        Assert.Equal("def456...", TextOf(found.NodesOf(AddressFamily.InterNetwork)));
        KrpcMessage get = Parse(s_examples[4]);
        Assert.Equal((KrpcMethod.GetPeers, Asked), (get.Method, TextOf(get.Target)));
        KrpcMessage got = Parse(s_examples[5]);
        Assert.Equal("aoeusnth", TextOf(got.Token));
        Assert.Equal(["97.120.106.101:11893", "105.100.104.116:28269"], KrpcValues.Read(got.Values).Select(peer => peer.ToString()));
        KrpcMessage announce = Parse(s_examples[6]);
        Assert.Equal((KrpcMethod.AnnouncePeer, 6881, true, "aoeusnth"), (announce.Method, announce.Port, announce.IsPortImplied, TextOf(announce.Token)));
        KrpcMessage error = Parse(s_examples[7]);
        Assert.Equal((KrpcType.Error, 201L, "A Generic Error Ocurred"), (error.Type, error.ErrorCode, TextOf(error.ErrorText)));
        KrpcMessage modern = Parse(s_examples[8]);
        Assert.Equal((true, true, KrpcWants.V4 | KrpcWants.V6, "abcdef"), (modern.IsReadOnly, modern.WantsNoSeeds, modern.Wants, TextOf(modern.ExternalAddress)));
    }

    [Fact]
    public void Our_queries_are_those_of_the_examples()
    {
        var writer = new KrpcWriter();
        NodeId own = Place(Asker), target = Place(Asked);

        Assert.Equal("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:v4:TP\0\u00011:y1:qe",
            TextOf(writer.Query(Aa, own, isReadOnly: false, new KrpcQuery(KrpcMethod.Ping))));
        Assert.Equal("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:find_node2:roi1e1:t2:aa1:v4:TP\0\u00011:y1:qe",
            TextOf(writer.Query(Aa, own, isReadOnly: true, new KrpcQuery(KrpcMethod.FindNode) { Target = target, Wants = KrpcWants.V4 | KrpcWants.V6 })));
        Assert.Equal("d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:v4:TP\0\u00011:y1:qe",
            TextOf(writer.Query(Aa, own, isReadOnly: false, new KrpcQuery(KrpcMethod.GetPeers) { Target = target })));
        Assert.Equal("d1:ad2:id20:abcdefghij012345678912:implied_porti0e9:info_hash20:mnopqrstuvwxyz1234564:porti6881e4:seedi1e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:v4:TP\0\u00011:y1:qe",
            TextOf(writer.Query(Aa, own, isReadOnly: false, new KrpcQuery(KrpcMethod.AnnouncePeer) { Target = target, Token = "aoeusnth"u8.ToArray(), Port = 6881, IsSeed = true })));
    }

    [Fact]
    public void Our_answers_can_be_read()
    {
        var writer = new KrpcWriter();
        var asker = new IPEndPoint(IPAddress.Parse("203.0.113.9"), 6881);
        var answer = new KrpcAnswer { Nodes = new byte[26], Nodes6 = new byte[38], Token = "token"u8, Values = [asker, new IPEndPoint(IPAddress.IPv6Loopback, 2)] };

        Assert.True(KrpcMessage.TryParse(writer.Answer("x"u8, Place(Asked), asker, answer), out KrpcMessage message));

        Assert.Equal((KrpcType.Response, Asked, "x", "token", 26, 38), (message.Type, TextOf(message.Id), TextOf(message.TransactionId), TextOf(message.Token), message.Nodes.Length, message.Nodes6.Length));
        Assert.Equal(asker, CompactAddress.Read(message.ExternalAddress));
        Assert.Equal(answer.Values, KrpcValues.Read(message.Values));
        Assert.True(KrpcMessage.TryParse(writer.Error("yy"u8, asker, KrpcErrorCode.MethodUnknown, "What?"u8), out KrpcMessage error));
        Assert.Equal((KrpcType.Error, 204L, "What?", "yy"), (error.Type, error.ErrorCode, TextOf(error.ErrorText), TextOf(error.TransactionId)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:q")] // cut short
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:xe")] // an unknown type
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aae")] // no type
    [InlineData("d1:q4:ping1:t2:aa1:y1:qe")] // no arguments
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:t2:aa1:y1:qe")] // no method
    [InlineData("d1:rl2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re")] // a list in place of a dictionary
    [InlineData("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t33:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1:y1:qe")]
    [InlineData("l1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe")]
    public void An_invalid_message_is_refused(string packet) => Assert.False(KrpcMessage.TryParse(Latin1(packet), out _));

    [Fact]
    public void Values_of_a_wrong_type_count_as_missing()
    {
        Assert.True(KrpcMessage.TryParse(Latin1("d1:ad2:idi7e9:info_hashli1ee4:port3:abc5:tokenle4:wanti1e6:values2:abe2:ipi9e1:q9:get_peers2:ro1:11:ti5e1:y1:qe"), out KrpcMessage message));

        Assert.Null(message.Id);
        Assert.Null(message.Target);
        Assert.Equal((0, 0, KrpcWants.Unsaid, false, 0), (message.Port, message.Token.Length, message.Wants, message.IsReadOnly, message.TransactionId.Length));
        Assert.True(message.Values.IsEmpty);
    }

    [Property(MaxTest = 3000)]
    public void No_packet_throws(int[] places, byte[] values, byte seed, bool insert)
    {
        List<byte> packet = [.. s_examples[seed % s_examples.Length]];
        for (int i = 0; i < Math.Min(places.Length, values.Length); i++)
        {
            int place = (int)((uint)places[i] % (uint)packet.Count);
            // Digits and letters of bencoding get deeper into the parser than random bytes.
            byte value = values[i] < 128 ? "0123456789ilde:-arq"u8[values[i] % 19] : values[i];
            if (insert)
                packet.Insert(place, value);
            else
                packet[place] = value;
        }

        Assert.Null(Record.Exception(() =>
        {
            if (KrpcMessage.TryParse([.. packet], out KrpcMessage message))
                KrpcValues.Read(message.Values);
        }));
    }

    [Property(MaxTest = 500)]
    public void Random_bytes_are_no_message(byte[] packet) => Assert.False(KrpcMessage.TryParse(packet, out _));

    internal static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    private static KrpcMessage Parse(byte[] packet)
    {
        Assert.True(KrpcMessage.TryParse(packet, out KrpcMessage message));
        return message;
    }

    private static NodeId Place(string text) => NodeId.Read(Latin1(text));

    private static string TextOf(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static string? TextOf(NodeId? id) => id is { } known ? TextOf(known.ToArray()) : null;
}
