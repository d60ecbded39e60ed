using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// Finds the nodes nearest to a target by asking ever nearer ones (BEP 5, "Overview"), and the peers that they return on the way. A few queries are in flight at once;
/// none is waited for longer than a moment, but late answers still count. A lookup has converged when the nearest responsive nodes have answered; without any answer it
/// stays open and continues with the next node that becomes known.
/// </summary>
internal sealed class DhtLookup
{
    /// <summary>The number of queries waited for at once: Kademlia's alpha.</summary>
    public const int Parallelism = 5;

    /// <summary>The maximum number of queries of a lookup.</summary>
    public const int MaxQueries = 150;

    /// <summary>The number of nodes from the table to start with: many, because all of the nearest may be dead.</summary>
    public const int MaxBeginnings = 64;

    private const int MaxCandidates = 100;
    private const int MaxNodesInAnswer = 2 * RoutingTable.K;

    private readonly DhtNode _node;
    private readonly KrpcMethod _method;
    private readonly KrpcWants _wants;
    private readonly List<LookupCandidate> _candidates = []; // the nearest first; those without an id at the end
    private readonly HashSet<IPEndPoint> _seen = [];
    private readonly HashSet<ulong> _networks = [];
    private int _awaited;
    private int _late;
    private volatile int _answered;

    public DhtLookup(DhtNode node, NodeId target, KrpcMethod method, KrpcWants wants = KrpcWants.Unsaid)
    {
        _node = node;
        Target = target;
        _method = method;
        _wants = wants;
    }

    /// <summary>The node that performs the lookup.</summary>
    public DhtNode Node => _node;

    public NodeId Target { get; }

    /// <summary>Receives the peers in each answer.</summary>
    public Action<IReadOnlyList<IPEndPoint>>? PeersFound { get; init; }

    /// <summary>Called when the nearest nodes are found. Slow nodes may still return peers after that.</summary>
    public Action<DhtLookup>? Converged { get; init; }

    public bool HasConverged { get; private set; }

    public bool IsCancelled { get; private set; }

    /// <summary>The number of nodes that have answered.</summary>
    public int AnswerCount => _answered;

    /// <summary>The number of queries sent.</summary>
    public int QueryCount { get; private set; }

    /// <summary>The nearest nodes that have answered, the nearest first.</summary>
    public IReadOnlyList<LookupCandidate> Closest =>
        [.. _candidates.Where(candidate => candidate.State == LookupState.Answered && candidate.Id is not null).Take(RoutingTable.K)];

    /// <summary>The number of sequential queries until the nearest nodes were found.</summary>
    public int Hops => Closest.Select(candidate => candidate.Hops).DefaultIfEmpty().Max();

    private bool IsOpen => !HasConverged && !IsCancelled;

    /// <summary>Adds nodes to start with; sends nothing yet.</summary>
    public void Add(IEnumerable<DhtContact> contacts)
    {
        foreach (DhtContact contact in contacts)
            Add(contact.Id, contact.EndPoint, 1);
    }

    /// <summary>Adds the address of a possible node.</summary>
    public void Add(IPEndPoint endPoint) => Add(null, endPoint, 1);

    /// <summary>Adds a node that was just discovered by another lookup or query.</summary>
    public void Offer(DhtContact contact)
    {
        if (IsOpen && Add(contact.Id, contact.EndPoint, 1))
            Advance();
    }

    /// <summary>Ends the lookup: no more queries or callbacks.</summary>
    public void Cancel() => IsCancelled = true;

    /// <summary>Sends queries to the next nodes, as many as allowed.</summary>
    public void Advance()
    {
        if (!IsOpen)
            return;
        int near = 0;
        bool isWaiting = false;
        for (int i = 0; i < _candidates.Count && near < RoutingTable.K; i++)
        {
            LookupCandidate candidate = _candidates[i];
            if (candidate.State is LookupState.Late or LookupState.Failed)
                continue;
            near++;
            if (candidate.State == LookupState.New && QueryCount < MaxQueries && _awaited < Parallelism)
                Ask(candidate);
            isWaiting |= candidate.State == LookupState.Awaited || (candidate.State == LookupState.New && QueryCount < MaxQueries);
        }

        // With too few answers, late ones are worth waiting for: our own network may be slow.
        if (isWaiting || _answered == 0 || (near < RoutingTable.K && _late > 0))
            return;
        HasConverged = true;
        Converged?.Invoke(this);
    }

    public void Answered(LookupCandidate candidate, bool wasNamed, in KrpcMessage message)
    {
        Settle(candidate, LookupState.Answered);
        if (!wasNamed)
        {
            // Its id is now known, so it takes its place in the order. A bootstrap router takes none.
            _candidates.Remove(candidate);
            if (!_node.IsRouter(candidate.EndPoint))
                Insert(candidate);
        }

        _answered += wasNamed || !_node.IsRouter(candidate.EndPoint) ? 1 : 0;
        if (IsCancelled)
            return;
        TakePeers(message);
        if (HasConverged)
            return;
        var contacts = new List<DhtContact>();
        CompactAddress.ReadNodes(message.NodesOf(_node.Family), _node.Family, MaxNodesInAnswer, contacts);
        foreach (DhtContact contact in contacts)
            Add(contact.Id, contact.EndPoint, candidate.Hops + 1);
        TellSibling(message);
        Advance();
    }

    public void Delayed(LookupCandidate candidate)
    {
        Settle(candidate, LookupState.Late);
        _late++;
        Advance();
    }

    public void Failed(LookupCandidate candidate)
    {
        Settle(candidate, LookupState.Failed);
        Advance();
    }

    private void Settle(LookupCandidate candidate, LookupState state)
    {
        _awaited -= candidate.State == LookupState.Awaited ? 1 : 0;
        _late -= candidate.State == LookupState.Late ? 1 : 0;
        candidate.State = state;
    }

    private void Ask(LookupCandidate candidate)
    {
        QueryCount++;
        bool isSent = _node.Ask(candidate.EndPoint, new KrpcQuery(_method) { Target = Target, Wants = _wants }, candidate);
        candidate.State = isSent ? LookupState.Awaited : LookupState.Failed;
        _awaited += isSent ? 1 : 0;
    }

    private bool Add(NodeId? id, IPEndPoint endPoint, int hops)
    {
        if (!_node.Scope.Contains(endPoint) || endPoint.AddressFamily != _node.Family || id == _node.Id || !_seen.Add(endPoint))
            return false;
        // One node per network: a single owner must not occupy the neighbourhood of a torrent.
        if (id is not null && !DhtScope.IsLocal(endPoint.Address) && !_networks.Add(DhtScope.NetworkOf(endPoint.Address)))
            return false;
        return Insert(new LookupCandidate(this, id, endPoint, hops));
    }

    private bool Insert(LookupCandidate candidate)
    {
        int place = _candidates.Count;
        if (candidate.Id is { } id)
        {
            NodeId distance = id ^ Target;
            while (place > 0 && (_candidates[place - 1].Id is not { } other || (other ^ Target) > distance))
                place--;
        }

        _candidates.Insert(place, candidate);
        if (_candidates.Count <= MaxCandidates || _candidates[^1].State != LookupState.New)
            return true;
        _candidates.RemoveAt(_candidates.Count - 1);
        return place < _candidates.Count;
    }

    private void TakePeers(in KrpcMessage message)
    {
        if (PeersFound is null || message.Values.IsEmpty)
            return;
        List<IPEndPoint> peers = KrpcValues.Read(message.Values);
        peers.RemoveAll(peer => !_node.Scope.Contains(peer));
        if (peers.Count > 0)
            PeersFound(peers);
    }

    private void TellSibling(in KrpcMessage message)
    {
        if (_wants == KrpcWants.Unsaid || _node.Sibling is not { } sibling)
            return;
        AddressFamily family = sibling.Family;
        var contacts = new List<DhtContact>();
        CompactAddress.ReadNodes(message.NodesOf(family), family, MaxNodesInAnswer, contacts);
        foreach (DhtContact contact in contacts)
            sibling.Offer(contact);
    }
}
