using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>A node in the routing table, with its record (BEP 5, "Routing Table").</summary>
internal sealed class TableNode(DhtContact contact)
{
    public DhtContact Contact => contact;

    public NodeId Id => contact.Id;

    public IPEndPoint EndPoint => contact.EndPoint;

    /// <summary>Whether its id is valid for its address (BEP 42).</summary>
    public bool IsSecure { get; } = SecureNodeId.Matches(contact.Id, contact.EndPoint.Address);

    /// <summary>Whether it has ever answered us; only such nodes are included in answers.</summary>
    public bool HasAnswered { get; set; }

    /// <summary>When we last heard from it: an answer, or a query of a node that has answered before.</summary>
    public TimeSpan LastSeen { get; set; }

    /// <summary>The number of consecutive unanswered queries.</summary>
    public int Failures { get; set; }

    /// <summary>It is not pinged again before this time: the answer may still arrive.</summary>
    public TimeSpan AskAgainAt { get; set; }

    public bool IsGood(TimeSpan now) => HasAnswered && Failures == 0 && now - LastSeen < RoutingTable.GoodFor;
}
