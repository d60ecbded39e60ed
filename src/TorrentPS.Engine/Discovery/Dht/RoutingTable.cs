using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// The nodes that a node knows (BEP 5, "Routing Table"): many near ones, few far ones. There is one bucket for each number of leading bits shared with our own id, which
/// is the result of repeatedly splitting the own bucket. Only nodes that have answered us are added (and those of the last run, which are tried first), so that it cannot
/// be filled with nodes that do not exist.
/// </summary>
internal sealed class RoutingTable
{
    /// <summary>The size of a bucket, and of an answer: Kademlia's k.</summary>
    public const int K = 8;

    /// <summary>The number of consecutive failures after which a node is dropped even without a replacement.</summary>
    public const int MaxFailures = 3;

    /// <summary>How long a node is good after it was last heard from.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(15);

    /// <summary>How long a bucket may remain unchanged.</summary>
    public static readonly TimeSpan RefreshAfter = TimeSpan.FromMinutes(15);

    private readonly TableBucket[] _buckets = new TableBucket[NodeId.Bits];
    private readonly Dictionary<IPEndPoint, TableNode> _byEndPoint = [];
    private readonly HashSet<IPAddress> _addresses = []; // of nodes whose address may occur only once

    public RoutingTable(NodeId ownId)
    {
        OwnId = ownId;
        // The four farthest buckets cover nearly all of the space: with more nodes there, lookups save several hops.
        for (int i = 0; i < _buckets.Length; i++)
            _buckets[i] = new TableBucket(i < 4 ? K << (4 - i) : K);
    }

    public NodeId OwnId { get; }

    public int Count => _byEndPoint.Count;

    /// <summary>The number of nodes that have answered.</summary>
    public int AnsweredCount { get; private set; }

    public IEnumerable<TableNode> Nodes => _byEndPoint.Values;

    /// <summary>The number of leading bits shared with the nearest known nodes.</summary>
    public int Depth
    {
        get
        {
            int deepest = _buckets.Length - 1;
            while (deepest >= 0 && _buckets[deepest].Nodes.Count == 0)
                deepest--;
            return deepest;
        }
    }

    /// <summary>A node has answered a query.</summary>
    /// <returns>Whether it is new in the table.</returns>
    public bool Answered(DhtContact contact, TimeSpan now)
    {
        if (_byEndPoint.TryGetValue(contact.EndPoint, out TableNode? known))
        {
            if (known.Id == contact.Id)
            {
                AnsweredCount += known.HasAnswered ? 0 : 1;
                known.HasAnswered = true;
                known.LastSeen = now;
                known.Failures = 0;
                _buckets[OwnId.SharedBits(known.Id)].RefreshedAt = now;
                return false;
            }

            Remove(known); // it has restarted with another id
        }

        return Add(new TableNode(contact) { HasAnswered = true, LastSeen = now }, now);
    }

    /// <summary>Adds a node of the last run, which may still exist.</summary>
    public void Recall(DhtContact contact)
    {
        if (!_byEndPoint.ContainsKey(contact.EndPoint))
            Add(new TableNode(contact) { LastSeen = TimeSpan.Zero - GoodFor }, TimeSpan.MinValue);
    }

    /// <summary>A node has sent a query.</summary>
    /// <returns>Whether to ping it: it is unknown, and there is room for it.</returns>
    public bool Queried(DhtContact contact, TimeSpan now)
    {
        if (contact.Id == OwnId)
            return false;
        if (_byEndPoint.TryGetValue(contact.EndPoint, out TableNode? known))
        {
            if (known.Id == contact.Id && known.HasAnswered)
                known.LastSeen = now;
            return known.Id != contact.Id;
        }

        TableBucket bucket = _buckets[OwnId.SharedBits(contact.Id)];
        var node = new TableNode(contact);
        return IsWelcome(bucket, node) && (!bucket.IsFull || bucket.Worst(node.IsSecure) is not null);
    }

    /// <summary>A node has not answered a query.</summary>
    public void Failed(IPEndPoint endPoint)
    {
        if (!_byEndPoint.TryGetValue(endPoint, out TableNode? node))
            return;
        node.Failures++;
        TableBucket bucket = _buckets[OwnId.SharedBits(node.Id)];
        // BEP 5: try once more before discarding; not for a node that has never answered.
        bool isBad = !node.HasAnswered || node.Failures >= (bucket.Reserves.Count > 0 ? 2 : MaxFailures);
        if (!isBad)
            return;
        Remove(node);
        for (int i = bucket.Reserves.Count - 1; i >= 0 && !bucket.IsFull; i--)
        {
            TableNode reserve = bucket.Reserves[i];
            bucket.Reserves.RemoveAt(i);
            if (IsWelcome(bucket, reserve))
                Insert(bucket, reserve);
        }
    }

    /// <summary>The nodes nearest to a target, the nearest first.</summary>
    /// <param name="target">The target.</param>
    /// <param name="count">The maximum number.</param>
    /// <param name="onlyAnswered">Whether to exclude nodes that have never answered, or whose last query failed.</param>
    public List<DhtContact> Closest(NodeId target, int count, bool onlyAnswered)
    {
        var found = new List<(NodeId Distance, DhtContact Contact)>();
        int home = Math.Min(OwnId.SharedBits(target), _buckets.Length - 1);
        // In this order, no bucket has a node nearer to the target than those before it, except the buckets nearer to us, which are gathered together.
        Gather(_buckets[home]);
        if (found.Count < count)
        {
            for (int i = home + 1; i < _buckets.Length; i++)
                Gather(_buckets[i]);
        }

        for (int i = home - 1; i >= 0 && found.Count < count; i--)
            Gather(_buckets[i]);
        found.Sort(static (left, right) => left.Distance.CompareTo(right.Distance));
        var closest = new List<DhtContact>(Math.Min(count, found.Count));
        for (int i = 0; i < found.Count && i < count; i++)
            closest.Add(found[i].Contact);
        return closest;

        void Gather(TableBucket bucket)
        {
            foreach (TableNode node in bucket.Nodes)
            {
                if (!onlyAnswered || (node.HasAnswered && node.Failures == 0))
                    found.Add((node.Id ^ target, node.Contact));
            }
        }
    }

    /// <summary>The node that most needs a ping; null if all are good.</summary>
    public TableNode? MostQuestionable(TimeSpan now)
    {
        TableNode? found = null;
        bool isAwaited = false;
        foreach (TableBucket bucket in _buckets)
        {
            // A node that others wait to replace comes first.
            bool hasReserves = bucket.Reserves.Count > 0;
            if (bucket.Nodes.Count == 0 || (isAwaited && !hasReserves) || bucket.Questionable(now) is not { } node)
                continue;
            if (found is null || (hasReserves && !isAwaited) || node.LastSeen < found.LastSeen)
                (found, isAwaited) = (node, hasReserves);
        }

        return found;
    }

    /// <summary>A target for a lookup that refreshes the bucket unchanged for longest; false if all are fresh.</summary>
    public bool TryRefresh(TimeSpan now, [NotNullWhen(true)] out NodeId? target)
    {
        int depth = Math.Min(Depth + 1, _buckets.Length - 1);
        int oldest = 0;
        for (int i = 1; i <= depth; i++)
        {
            if (_buckets[i].RefreshedAt < _buckets[oldest].RefreshedAt)
                oldest = i;
        }

        target = null;
        if (Count == 0 || (_buckets[oldest].RefreshedAt != TimeSpan.MinValue && now - _buckets[oldest].RefreshedAt < RefreshAfter))
            return false;
        _buckets[oldest].RefreshedAt = now;
        target = OwnId.RandomAt(oldest);
        return true;
    }

    /// <summary>The same nodes in a table for another id.</summary>
    public RoutingTable MoveTo(NodeId ownId)
    {
        var table = new RoutingTable(ownId);
        foreach (TableNode node in _byEndPoint.Values)
            table.Add(node, TimeSpan.MinValue);
        return table;
    }

    private bool Add(TableNode node, TimeSpan now)
    {
        if (node.Id == OwnId)
            return false;
        TableBucket bucket = _buckets[OwnId.SharedBits(node.Id)];
        if (!IsWelcome(bucket, node))
            return false;
        if (bucket.IsFull)
        {
            if (!node.HasAnswered)
                return false;
            if (bucket.Worst(node.IsSecure) is not { } worst)
            {
                bucket.AddReserve(node);
                return false;
            }

            Remove(worst);
        }

        Insert(bucket, node);
        bucket.RefreshedAt = now;
        return true;
    }

    // One node per address, and one per network in a bucket: many nodes at few addresses get few places. And no node takes over the id of another that is alive.
    private bool IsWelcome(TableBucket bucket, TableNode node)
    {
        bool isLimited = !DhtScope.IsLocal(node.EndPoint.Address);
        if (isLimited && _addresses.Contains(node.EndPoint.Address))
            return false;
        foreach (TableNode other in bucket.Nodes)
        {
            if (other.Id == node.Id || (isLimited && DhtScope.AreNeighbours(other.EndPoint.Address, node.EndPoint.Address)))
                return false;
        }

        return true;
    }

    private void Insert(TableBucket bucket, TableNode node)
    {
        bucket.Nodes.Add(node);
        _byEndPoint.Add(node.EndPoint, node);
        AnsweredCount += node.HasAnswered ? 1 : 0;
        if (!DhtScope.IsLocal(node.EndPoint.Address))
            _addresses.Add(node.EndPoint.Address);
    }

    private void Remove(TableNode node)
    {
        _buckets[OwnId.SharedBits(node.Id)].Nodes.Remove(node);
        _byEndPoint.Remove(node.EndPoint);
        AnsweredCount -= node.HasAnswered ? 1 : 0;
        if (!DhtScope.IsLocal(node.EndPoint.Address))
            _addresses.Remove(node.EndPoint.Address);
    }
}
