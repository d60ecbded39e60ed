using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// One DHT node of one address family (BEP 5, BEP 32). It has no socket and no thread: packets, the time and requests are passed in by one caller at a time, and it sends
/// through a function. This part handles packets and requests; the others answer queries and maintain the table.
/// </summary>
internal sealed partial class DhtNode
{
    private static readonly IDhtCaller s_noCaller = new NoCaller();

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

    /// <summary>Creates a node.</summary>
    /// <param name="family">Its address family.</param>
    /// <param name="id">Its id.</param>
    /// <param name="scope">The addresses that it communicates with.</param>
    /// <param name="time">The clock.</param>
    /// <param name="send">Sends packets.</param>
    /// <param name="log">Receives log lines.</param>
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

    /// <summary>The maximum number of running lookups; others wait.</summary>
    public const int MaxLookups = 32;

    public AddressFamily Family { get; }

    public DhtScope Scope { get; }

    public NodeId Id => Table.OwnId;

    public RoutingTable Table { get; private set; }

    /// <summary>The node of the other address family, if there is one.</summary>
    public DhtNode? Sibling { get; set; }

    /// <summary>Whether it answers no queries, and declares that (BEP 43).</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>Our address as other nodes see it; null while unknown.</summary>
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

    /// <summary>Whether an address belongs to a bootstrap router, which stores nothing.</summary>
    public bool IsRouter(IPEndPoint endPoint) => _routers.Contains(endPoint);

    /// <summary>Processes a packet. Never throws because of its content.</summary>
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
        catch (Exception e) // a fault of this program loses this answer, not a lookup
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
            // The node is alive, but its answer is useless, and will be again.
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
    /// <returns>False if too many queries are in flight.</returns>
    public bool Ask(IPEndPoint endPoint, in KrpcQuery query, IDhtCaller caller)
    {
        if (_requests.Add(endPoint, query.Method, caller, Now) is not { } request)
            return false;
        _send(_writer.Query(request.TransactionId, Id, IsReadOnly, query), endPoint);
        return true;
    }

    /// <summary>Pings an address; a node there is then added to the table (BEP 5, "PORT").</summary>
    public void Ping(IPEndPoint endPoint)
    {
        if (Scope.Contains(endPoint) && endPoint.AddressFamily == Family)
            Ask(endPoint, new KrpcQuery(KrpcMethod.Ping), s_noCaller);
    }

    /// <summary>Looks for the peers of a torrent.</summary>
    /// <param name="infoHash">The torrent.</param>
    /// <param name="peersFound">Receives the peers in each answer.</param>
    /// <param name="converged">Called when the nearest nodes have answered.</param>
    public DhtLookup FindPeers(NodeId infoHash, Action<IReadOnlyList<IPEndPoint>> peersFound, Action<DhtLookup> converged)
    {
        var lookup = new DhtLookup(this, infoHash, KrpcMethod.GetPeers) { PeersFound = peersFound, Converged = converged };
        if (LookupCount >= MaxLookups)
            _lookupsToStart.Enqueue(lookup);
        else
            Begin(lookup);
        return lookup;
    }

    /// <summary>Announces our peer to the nodes that a lookup has found.</summary>
    /// <param name="lookup">A lookup of the torrent's peers that has converged.</param>
    /// <param name="port">The port for peer connections.</param>
    /// <param name="isSeed">Whether we have all of the data.</param>
    /// <returns>The number of nodes announced to.</returns>
    public int Announce(DhtLookup lookup, int port, bool isSeed)
    {
        int told = 0;
        foreach (LookupCandidate candidate in lookup.Closest)
        {
            if (candidate.Token.Length == 0)
                continue;
            var query = new KrpcQuery(KrpcMethod.AnnouncePeer) { Target = lookup.Target, Token = candidate.Token, Port = port, IsSeed = isSeed };
            told += Ask(candidate.EndPoint, query, s_noCaller) ? 1 : 0;
        }

        return told;
    }

    /// <summary>Offers a node to the lookups that it may advance.</summary>
    public void Offer(DhtContact contact)
    {
        for (int i = _lookups.Count - 1; i >= 0; i--)
            _lookups[i].Offer(contact);
    }

    /// <summary>Performs due work.</summary>
    /// <returns>The time until more work is due.</returns>
    public TimeSpan Tick()
    {
        TimeSpan now = Now;
        while (_requests.TakeDelayed(now) is { } delayed)
            Tell(delayed, static (caller, silent) => caller.Delayed(silent));
        while (_requests.TakeExpired(now) is { } expired)
        {
            // If no node answers at all, our own network is down.
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

    /// <summary>Reports a failed request to its sender. A fault of this program affects only this request.</summary>
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

    private sealed class NoCaller : IDhtCaller
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
