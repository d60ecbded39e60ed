using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Discovery.Dht;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>
/// Packets to a DHT node that knows a few others and searches for peers. The last byte of each selects the sender and the time since the last packet. An answer gets the
/// transaction id of the last query to its sender, since no other is processed.
/// </summary>
internal sealed class DhtTarget : FuzzTarget
{
    private static readonly NodeId s_own = NodeId.Read("ownidownidownidownid"u8), s_wanted = NodeId.Read("wantedwantedwantedwa"u8);

    private static readonly IPEndPoint[] s_others = [.. Enumerable.Range(1, 4).Select(i => new IPEndPoint(new IPAddress([(byte)(40 + i), 1, 1, 1]), 6881))];

    public DhtTarget()
    {
        var writer = new KrpcWriter();
        byte[][] queries =
        [
            writer.Query(1, s_wanted, false, new KrpcQuery(KrpcMethod.Ping)).ToArray(),
            writer.Query(2, s_wanted, false, new KrpcQuery(KrpcMethod.FindNode) { Target = s_own, Wants = KrpcWants.V4 | KrpcWants.V6 }).ToArray(),
            writer.Query(3, s_own, true, new KrpcQuery(KrpcMethod.GetPeers) { Target = s_wanted }).ToArray(),
            writer.Query(4, s_wanted, false, new KrpcQuery(KrpcMethod.AnnouncePeer) { Target = s_wanted, Token = "abcd"u8.ToArray(), Port = 6881, IsSeed = true }).ToArray(),
        ];
        byte[][] answers =
        [
            writer.Answer("aa"u8, s_wanted, s_others[0], default).ToArray(),
            writer.Answer("aa"u8, s_wanted, s_others[1], new KrpcAnswer { Nodes = [.. "cccccccccccccccccccc"u8, 49, 1, 1, 1, 0x1a, 0xe1], Token = "token"u8 }).ToArray(),
            writer.Answer("aa"u8, s_wanted, s_others[2], new KrpcAnswer { Values = [IPEndPoint.Parse("198.51.100.1:1"), IPEndPoint.Parse("[2001:db8::1]:2")], Token = "token"u8 }).ToArray(),
            writer.Error("aa"u8, s_others[3], KrpcErrorCode.Protocol, "no"u8).ToArray(),
        ];
        Seeds = [Frames(queries, 0), Frames(answers, 0), Frames([.. queries, .. answers], 4)];
    }

    public override string Name => "dht";

    public override string Description => "packets to a node of the DHT, and the messages in them (BEP 5, 32, 42)";

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override InputShape Shape => InputShape.Packets;

    public override IReadOnlyList<string> Words => ["a", "r", "q", "y", "t", "e", "id", "target", "info_hash", "token", "port", "implied_port", "seed", "noseed", "nodes", "nodes6", "values", "want", "n4", "n6", "ip", "ro",
        "ping", "find_node", "get_peers", "announce_peer", "sample_infohashes", "ownidownidownidownid"];

    // The table, and the limits of answers.
    public override long MaxAllocated(int length) => (2 << 20) + 256L * length;

    public override int Try(byte[] input)
    {
        var time = new ManualTime();
        var asked = new byte[4][];
        int sent = 0, found = 0;
        var node = new DhtNode(AddressFamily.InterNetwork, s_own, new DhtScope(), time, (packet, to) =>
        {
            Require(packet.Length <= KrpcWriter.MaxLength, "a packet is too long");
            Require(KrpcMessage.TryParse(packet, out KrpcMessage message), "what is sent cannot be read");
            sent++;
            int who = Array.IndexOf(s_others, to);
            if (who >= 0 && message.Type == KrpcType.Query)
                asked[who] = message.TransactionId.ToArray();
        });
        node.Recall(s_others.Select((endPoint, i) => new DhtContact(NodeId.Read([(byte)i, .. "aaaaaaaaaaaaaaaaaaa"u8]), endPoint)));
        node.FindPeers(s_wanted, peers => found += peers.Count, _ => { });
        int outcome = 0, packets = 0;
        for (ReadOnlySpan<byte> left = input; left.Length >= 2 && packets < 200; packets++)
        {
            int length = Math.Min(left[0] << 8 | left[1], left.Length - 2);
            outcome = Receive(node, left.Slice(2, length), asked, time);
            left = left[(2 + length)..];
        }

        for (int i = 0; i < 4; i++)
        {
            time.Advance(TimeSpan.FromMinutes(5));
            Require(node.Tick() >= TimeSpan.Zero, "the next time is in the past");
        }

        Require(node.Table.Count <= 160 * RoutingTable.K, "the table is too large");
        return HashCode.Combine(outcome, Math.Min(sent, 20) / 2, Math.Min(found, 3), Math.Min(node.Table.Count, 8), Math.Min(node.Table.AnsweredCount, 5));
    }

    private static int Receive(DhtNode node, ReadOnlySpan<byte> packet, byte[][] asked, ManualTime time)
    {
        if (packet.IsEmpty)
            return 0;
        int selector = packet[^1], who = selector & 3;
        time.Advance(TimeSpan.FromSeconds((selector >> 2 & 3) switch { 0 => 0, 1 => 0.1, 2 => 3, _ => 900 }));
        byte[] bytes = packet[..^1].ToArray();
        int id = bytes.AsSpan().IndexOf("1:t2:"u8);
        if (id >= 0 && id + 7 <= bytes.Length && asked[who] is { Length: 2 } transaction && bytes.AsSpan().IndexOf("1:y1:q"u8) < 0)
            transaction.CopyTo(bytes, id + 5);
        int outcome = 0;
        if (KrpcMessage.TryParse(bytes, out KrpcMessage message))
        {
            List<IPEndPoint> values = KrpcValues.Read(message.Values);
            List<DhtContact> contacts = [];
            CompactAddress.ReadNodes(message.Nodes, AddressFamily.InterNetwork, 1000, contacts);
            CompactAddress.ReadNodes(message.Nodes6, AddressFamily.InterNetworkV6, 1000, contacts);
            _ = CompactAddress.Read(message.ExternalAddress);
            outcome = HashCode.Combine(message.Type, message.Method, message.Id is null, message.Target is null, Math.Min(2, values.Count), Math.Min(2, contacts.Count), message.Wants, message.IsReadOnly);
        }

        node.Receive(bytes, s_others[who]);
        node.Tick();
        return outcome;
    }

    private static byte[] Frames(byte[][] packets, int more)
    {
        List<byte> frames = [];
        for (int i = 0; i < packets.Length; i++)
        {
            frames.AddRange([(byte)((packets[i].Length + 1) >> 8), (byte)(packets[i].Length + 1), .. packets[i], (byte)((i & 3) + more)]);
        }

        return [.. frames];
    }
}
