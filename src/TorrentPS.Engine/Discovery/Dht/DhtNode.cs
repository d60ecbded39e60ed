using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// One node of the DHT of one family of addresses (BEP 5, BEP 32). It opens no socket and starts no thread: packets, the time and what is to be
/// found are brought to it by one at a time, and it sends through a function. This part is what comes and goes; the others are how it answers,
/// and how it keeps its table.
/// </summary>
internal sealed partial class DhtNode
{
    private static readonly IDhtCaller s_nobody = new Nobody();

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly DatagramSender _send;
    private readonly Action<string>? _log;
    private readonly DhtRequests _requests = new();
    private readonly KrpcWriter _writer = new();
    private readonly List<DhtLookup> _lookups = [];
    private readonly Queue<DhtLookup> _lookupsToStart = new();
    private readonly HashSet<IPEndPoint> _routers = [];
    private readonly HashSet<IPEndPoint> _entries = [];
    private TimeSpan _lastHeard = TimeSpan.MinValue;

    /// <summary>Makes a node.</summary>
    /// <param name="family">Its family of addresses.</param>
    /// <param name="id">Its id.</param>
    /// <param name="scope">The addresses that it has to do with.</param>
    /// <param name="time">The clock.</param>
    /// <param name="send">How it sends.</param>
    /// <param name="log">Gets a line for what a user might want to know.</param>
    public DhtNode(AddressFamily family, NodeId id, DhtScope scope, TimeProvider time, DatagramSender send, Action<string>? log = null)
    {
        Family = family;
        Table = new RoutingTable(id);
        Scope = scope;
        _time = time;
        _start = time.GetTimestamp();
        _send = send;
        _log = log;
        _tokens = new TokenMint(time);
        _limiter = new AnswerLimiter(time);
        Peers = new PeerStore(time);
    }

    /// <summary>Lookups under way at most; others wait their turn.</summary>
    public const int MaxLookups = 32;

    public AddressFamily Family { get; }

    public DhtScope Scope { get; }

    public NodeId Id => Table.OwnId;

    public RoutingTable Table { get; private set; }

    /// <summary>The node of the other family, when there is one.</summary>
    public DhtNode? Sibling { get; set; }

    /// <summary>Whether it answers no queries, and says so (BEP 43).</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>Our address as others see it; null while it is not known.</summary>
    public IPAddress? ExternalAddress => _ownAddress.Address;

    private int LookupCount
    {
        get
        {
            _lookups.RemoveAll(lookup => lookup.HasConverged || lookup.IsCancelled);
            return _lookups.Count;
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>Whether an address is one that only helps others to get in, and is no place to keep anything.</summary>
    public bool IsRouter(IPEndPoint endPoint) => _routers.Contains(endPoint);

    /// <summary>Takes a packet from the network. Never throws for what is in it.</summary>
    public void Receive(ReadOnlySpan<byte> packet, IPEndPoint from)
    {
        if (!Scope.Contains(from) || !KrpcMessage.TryParse(packet, out KrpcMessage message))
            return;
        if (message.Type == KrpcType.Query)
        {
            Answer(message, from);
            return;
        }

        if (_requests.Take(message.TransactionId, from, Now) is not { } request)
            return;
        try
        {
            Settle(request, message, from);
        }
        catch (Exception e) // a fault of this program costs this answer, and no search
        {
            _log?.Invoke($"DHT: the answer of {from} is left out by a fault of this program: {e}");
            Fail(request);
        }
    }

    private void Settle(DhtRequest request, in KrpcMessage message, IPEndPoint from)
    {
        _lastHeard = Now;
        if (message.Type == KrpcType.Error || message.Id is not { } id)
        {
            // It is alive, but of no use for this; what it cannot do once it cannot do again.
            Table.Failed(from);
            request.Caller.Failed(request);
            return;
        }

        if (!IsRouter(from) && Table.Answered(new DhtContact(id, from), Now))
            Offer(new DhtContact(id, from));
        TakeVote(message, from);
        request.Caller.Answered(request, id, message);
    }

    /// <summary>Sends a query.</summary>
    /// <returns>False when too many are under way.</returns>
    public bool Ask(IPEndPoint endPoint, in KrpcQuery query, IDhtCaller caller)
    {
        if (_requests.Add(endPoint, query.Method, caller, Now) is not { } request)
            return false;
        _send(_writer.Query(request.TransactionId, Id, IsReadOnly, query), endPoint);
        return true;
    }

    /// <summary>Asks an address whether there is a node, which then gets into the table (BEP 5, "PORT").</summary>
    public void Ping(IPEndPoint endPoint)
    {
        if (Scope.Contains(endPoint) && endPoint.AddressFamily == Family)
            Ask(endPoint, new KrpcQuery(KrpcMethod.Ping), s_nobody);
    }

    /// <summary>Looks for the peers of a torrent.</summary>
    /// <param name="infoHash">The torrent.</param>
    /// <param name="peersFound">Gets the peers that a node named, as each answers.</param>
    /// <param name="converged">Is told when the nearest nodes have answered.</param>
    public DhtLookup FindPeers(NodeId infoHash, Action<IReadOnlyList<IPEndPoint>> peersFound, Action<DhtLookup> converged)
    {
        var lookup = new DhtLookup(this, infoHash, KrpcMethod.GetPeers) { PeersFound = peersFound, Converged = converged };
        if (LookupCount >= MaxLookups)
            _lookupsToStart.Enqueue(lookup);
        else
            Begin(lookup);
        return lookup;
    }

    /// <summary>Tells the nodes that a lookup has found that there is a peer at our address.</summary>
    /// <param name="lookup">A lookup of the torrent's peers that has converged.</param>
    /// <param name="port">The port that peers connect to.</param>
    /// <param name="isSeed">Whether we have all of the data.</param>
    /// <returns>How many nodes are told.</returns>
    public int Announce(DhtLookup lookup, int port, bool isSeed)
    {
        int told = 0;
        foreach (LookupCandidate candidate in lookup.Closest)
        {
            if (candidate.Token.Length == 0)
                continue;
            var query = new KrpcQuery(KrpcMethod.AnnouncePeer) { Target = lookup.Target, Token = candidate.Token, Port = port, IsSeed = isSeed };
            told += Ask(candidate.EndPoint, query, s_nobody) ? 1 : 0;
        }

        return told;
    }

    /// <summary>Tells the lookups of a node that may bring them further.</summary>
    public void Offer(DhtContact contact)
    {
        for (int i = _lookups.Count - 1; i >= 0; i--)
            _lookups[i].Offer(contact);
    }

    /// <summary>Does what is due.</summary>
    /// <returns>How long there is nothing to do.</returns>
    public TimeSpan Tick()
    {
        TimeSpan now = Now;
        while (_requests.TakeDelayed(now) is { } delayed)
            Tell(delayed, static (caller, silent) => caller.Delayed(silent));
        while (_requests.TakeExpired(now) is { } expired)
        {
            // When nobody at all answers, it is our network that is down.
            if (_lastHeard >= expired.SentAt)
                Table.Failed(expired.EndPoint);
            Fail(expired);
        }

        if (now >= _nextUpkeep)
            KeepUp(now);
        while (LookupCount < MaxLookups && _lookupsToStart.TryDequeue(out DhtLookup? next))
        {
            if (!next.IsCancelled)
                Begin(next);
        }

        TimeSpan due = _requests.NextDeadline is { } deadline && deadline < _nextUpkeep ? deadline : _nextUpkeep;
        return due > now ? due - now : TimeSpan.Zero;
    }

    private void Fail(DhtRequest request) => Tell(request, static (caller, silent) => caller.Failed(silent));

    /// <summary>Tells the sender of a request that no answer comes. A fault of this program costs this request alone.</summary>
    private void Tell(DhtRequest request, Action<IDhtCaller, DhtRequest> silence)
    {
        try
        {
            silence(request.Caller, request);
        }
        catch (Exception e)
        {
            _log?.Invoke($"DHT: the silence of {request.EndPoint} brought out a fault of this program: {e}");
        }
    }

    private void Begin(DhtLookup lookup)
    {
        _lookups.Add(lookup);
        lookup.Add(Table.Closest(lookup.Target, DhtLookup.MaxBeginnings, onlyAnswered: false));
        if (Table.AnsweredCount < RoutingTable.K)
        {
            foreach (IPEndPoint entry in _entries)
                lookup.Add(entry);
        }

        lookup.Advance();
    }

    private sealed class Nobody : IDhtCaller
    {
        public void Answered(DhtRequest request, NodeId id, in KrpcMessage message)
        {
        }

        public void Delayed(DhtRequest request)
        {
        }

        public void Failed(DhtRequest request)
        {
        }
    }
}
