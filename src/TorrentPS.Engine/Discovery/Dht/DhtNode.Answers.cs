using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery.Dht;

/// <content>Answers to the queries of other nodes.</content>
internal sealed partial class DhtNode
{
    private const int MaxValues = 50;

    // The size of an answer to get_peers without nodes and values: keys, ids, token, the address of the querying node.
    private const int AnswerOverhead = 190;

    private readonly TokenMint _tokens;
    private readonly AnswerLimiter _limiter;

    /// <summary>The peers that were announced to this node.</summary>
    public PeerStore Peers { get; }

    private void Answer(in KrpcMessage query, IPEndPoint from)
    {
        if (IsReadOnly || !_limiter.MayAnswer(from.Address))
            return;
        if (query.Id is not { } id)
        {
            Send(_writer.Error(query.TransactionId, from, KrpcErrorCode.Protocol, "The id is missing"u8), from);
            return;
        }

        switch (query.Method)
        {
            case KrpcMethod.Ping:
                Send(_writer.Answer(query.TransactionId, Id, from, default), from);
                break;
            case KrpcMethod.AnnouncePeer:
                TakeAnnounce(query, from);
                break;
            case KrpcMethod.GetPeers or KrpcMethod.FindNode when query.Target is null:
                Send(_writer.Error(query.TransactionId, from, KrpcErrorCode.Protocol, "The target is missing"u8), from);
                break;
            case KrpcMethod.GetPeers:
                AnswerWithPeers(query, query.Target!.Value, from);
                break;
            case var _ when query.Target is { } target:
                // An unknown method with a target is answered like find_node, so that new kinds of lookups work with old nodes.
                AnswerWithNodes(query, target, from);
                break;
            default:
                Send(_writer.Error(query.TransactionId, from, KrpcErrorCode.MethodUnknown, "Method unknown"u8), from);
                break;
        }

        var contact = new DhtContact(id, from);
        if (!query.IsReadOnly && _requests.Count < DhtRequests.MaxCount / 4 && Table.Queried(contact, Now))
        {
            _limiter.Spend(from.Address, KrpcWriter.MaxLength / 8);
            Ping(from);
        }
    }

    private void AnswerWithNodes(in KrpcMessage query, NodeId target, IPEndPoint from)
    {
        KrpcAnswer answer = default;
        AddNodes(ref answer, query, target);
        Send(_writer.Answer(query.TransactionId, Id, from, answer), from);
    }

    private void AnswerWithPeers(in KrpcMessage query, NodeId infoHash, IPEndPoint from)
    {
        KrpcAnswer answer = default;
        AddNodes(ref answer, query, infoHash);
        int room = KrpcWriter.MaxLength - AnswerOverhead - query.TransactionId.Length - answer.Nodes.Length - answer.Nodes6.Length;
        int limit = Math.Min(MaxValues, room / (CompactAddress.LengthOf(Family) + 3));
        answer.Values = Peers.Choose(infoHash, limit, query.WantsNoSeeds);
        answer.Token = _tokens.Create(from.Address, infoHash);
        Send(_writer.Answer(query.TransactionId, Id, from, answer), from);
    }

    private void AddNodes(ref KrpcAnswer answer, in KrpcMessage query, NodeId target)
    {
        KrpcWants wants = query.Wants != KrpcWants.Unsaid ? query.Wants : Family == AddressFamily.InterNetworkV6 ? KrpcWants.V6 : KrpcWants.V4;
        if (wants.HasFlag(KrpcWants.V4))
            answer.Nodes = NodesNear(target, AddressFamily.InterNetwork);
        if (wants.HasFlag(KrpcWants.V6))
            answer.Nodes6 = NodesNear(target, AddressFamily.InterNetworkV6);
    }

    private byte[] NodesNear(NodeId target, AddressFamily family)
    {
        DhtNode? node = family == Family ? this : Sibling;
        return node is null ? [] : CompactAddress.WriteNodes(node.Table.Closest(target, RoutingTable.K, onlyAnswered: true), family);
    }

    private void TakeAnnounce(in KrpcMessage query, IPEndPoint from)
    {
        int port = query.IsPortImplied ? from.Port : query.Port;
        if (query.Target is not { } infoHash || port == 0)
        {
            Send(_writer.Error(query.TransactionId, from, KrpcErrorCode.Protocol, "The info hash or the port is missing"u8), from);
            return;
        }

        if (!_tokens.IsValid(query.Token, from.Address, infoHash))
        {
            Send(_writer.Error(query.TransactionId, from, KrpcErrorCode.Protocol, "Bad token"u8), from);
            return;
        }

        Peers.Add(infoHash, new IPEndPoint(from.Address, port), query.IsSeed);
        Send(_writer.Answer(query.TransactionId, Id, from, default), from);
    }

    private void Send(ReadOnlySpan<byte> answer, IPEndPoint to)
    {
        _limiter.Spend(to.Address, answer.Length);
        _send(answer, to);
    }
}
