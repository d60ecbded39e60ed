using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A node in the routing table, and how it has behaved (BEP 5, "Routing Table").</summary>
internal sealed class TableNode(DhtContact contact)
{
    public DhtContact Contact => contact;

    public NodeId Id => contact.Id;

    public IPEndPoint EndPoint => contact.EndPoint;

    /// <summary>Whether its id is one that its address may have (BEP 42).</summary>
    public bool IsSecure { get; } = SecureNodeId.Matches(contact.Id, contact.EndPoint.Address);

    /// <summary>Whether it has ever answered us; only such nodes are named to others.</summary>
    public bool HasAnswered { get; set; }

    /// <summary>When we last heard of it: an answer, or a query of one that has answered before.</summary>
    public TimeSpan LastSeen { get; set; }

    /// <summary>Queries in a row that it has not answered.</summary>
    public int Failures { get; set; }

    /// <summary>Until then it is not asked again whether it is there: it may answer still.</summary>
    public TimeSpan AskAgainAt { get; set; }

    public bool IsGood(TimeSpan now) => HasAnswered && Failures == 0 && now - LastSeen < RoutingTable.GoodFor;
}
