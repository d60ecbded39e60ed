using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <content>Bootstrapping and maintenance of the routing table (BEP 5).</content>
internal sealed partial class DhtNode
{
    private static readonly TimeSpan s_upkeepPeriod = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_shortestRetry = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan s_longestRetry = TimeSpan.FromMinutes(5);

    private readonly OwnAddress _ownAddress = new();
    private TimeSpan _nextUpkeep;
    private TimeSpan _nextEntry;
    private TimeSpan _retry = s_shortestRetry;
    private DhtLookup? _entering;
    private DhtLookup? _refreshing;

    /// <summary>Whether any node or bootstrap address is known.</summary>
    public bool KnowsAnyone => Table.Count > 0 || _entries.Count > 0;

    /// <summary>Adds an address for bootstrapping.</summary>
    /// <param name="endPoint">The address.</param>
    /// <param name="isRouter">Whether the node there only helps others to bootstrap.</param>
    public void AddEntry(IPEndPoint endPoint, bool isRouter)
    {
        if (endPoint.AddressFamily != Family || !Scope.Contains(endPoint) || !_entries.Add(endPoint))
            return;
        if (isRouter)
            _routers.Add(endPoint);
        if (Table.AnsweredCount >= RoutingTable.K)
            return;
        if (_entering is not { HasConverged: false })
            Enter(Now);
        foreach (DhtLookup lookup in _lookups.ToArray())
        {
            lookup.Add(endPoint);
            lookup.Advance();
        }
    }

    /// <summary>Adds the nodes of the last run to the table.</summary>
    public void Recall(IEnumerable<DhtContact> contacts)
    {
        foreach (DhtContact contact in contacts)
        {
            if (contact.EndPoint.AddressFamily != Family || !Scope.Contains(contact.EndPoint) || IsRouter(contact.EndPoint))
                continue;
            Table.Recall(contact);
            Offer(contact);
        }
    }

    /// <summary>Looks up our own id, which makes us known to our neighbours and them to us.</summary>
    public void Enter() => Enter(Now);

    private void Enter(TimeSpan now)
    {
        _entering?.Cancel();
        _nextEntry = now + _retry;
        KrpcWants wants = Sibling is { Table.AnsweredCount: < RoutingTable.K } ? KrpcWants.V4 | KrpcWants.V6 : KrpcWants.Unsaid;
        _entering = new DhtLookup(this, Id, KrpcMethod.FindNode, wants) { Converged = Entered };
        Begin(_entering);
    }

    private void Entered(DhtLookup lookup)
    {
        if (Table.AnsweredCount >= RoutingTable.K)
            _retry = s_shortestRetry;
        _log?.Invoke($"DHT ({(Family == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4")}): {Table.AnsweredCount} nodes");
    }

    private void KeepUp(TimeSpan now)
    {
        _nextUpkeep = now + s_upkeepPeriod;
        // While few nodes are known, new ones may have appeared, or the network may be back.
        if (Table.AnsweredCount < RoutingTable.K && now >= _nextEntry && KnowsAnyone)
        {
            _retry = _retry * 2 < s_longestRetry ? _retry * 2 : s_longestRetry;
            Enter(now);
        }

        if (Table.AnsweredCount == 0)
            return;

        if (Table.MostQuestionable(now) is { } questionable)
        {
            questionable.AskAgainAt = now + DhtRequests.LongLimit + s_upkeepPeriod;
            Ping(questionable.EndPoint);
        }

        if (_refreshing is null or { HasConverged: true } or { IsCancelled: true } && Table.TryRefresh(now, out NodeId? target))
        {
            _refreshing = new DhtLookup(this, target.Value, KrpcMethod.FindNode);
            Begin(_refreshing);
        }
    }

    private void TakeVote(in KrpcMessage message, IPEndPoint from)
    {
        if (CompactAddress.Read(message.ExternalAddress) is not { } external || !_ownAddress.Add(from.Address, external.Address))
            return;
        _log?.Invoke($"DHT: others see us at {external.Address}");
        if (SecureNodeId.Matches(Id, external.Address))
            return;
        // BEP 42: our id depends on our address; the known nodes are kept.
        Table = Table.MoveTo(SecureNodeId.Create(external.Address));
        Enter(Now);
    }
}
