namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The nodes of the routing table that share a given number of leading bits with our id.</summary>
internal sealed class TableBucket(int capacity)
{
    private const int MaxReserves = 8;

    public List<TableNode> Nodes { get; } = new(Math.Min(capacity, 8));

    /// <summary>Nodes that have answered but found no room, the latest at the end: they replace nodes that fail.</summary>
    public List<TableNode> Reserves { get; } = [];

    /// <summary>When it last changed, or was refreshed.</summary>
    public TimeSpan RefreshedAt { get; set; } = TimeSpan.MinValue;

    public bool IsFull => Nodes.Count >= capacity;

    public void AddReserve(TableNode node)
    {
        Reserves.RemoveAll(other => other.Id == node.Id || other.EndPoint.Equals(node.EndPoint));
        if (Reserves.Count >= MaxReserves)
            Reserves.RemoveAt(0);
        Reserves.Add(node);
    }

    /// <summary>The node heard from longest ago that is no longer known to be good.</summary>
    public TableNode? Questionable(TimeSpan now)
    {
        TableNode? found = null;
        foreach (TableNode node in Nodes)
        {
            if (!node.IsGood(now) && now >= node.AskAgainAt && (found is null || node.LastSeen < found.LastSeen))
                found = node;
        }

        return found;
    }

    /// <summary>The node that a new one may replace; null if all are better.</summary>
    /// <param name="isSecure">Whether the new node's id is valid for its address (BEP 42): it may then replace one whose id is not.</param>
    public TableNode? Worst(bool isSecure)
    {
        TableNode? worst = null;
        foreach (TableNode node in Nodes)
        {
            bool isWorse = node.Failures > 0 || !node.HasAnswered;
            if ((isWorse || (isSecure && !node.IsSecure)) && (worst is null || Rank(node) > Rank(worst)))
                worst = node;
        }

        return worst;
    }

    private static int Rank(TableNode node) => 4 * Math.Min(node.Failures, 100) + (node.HasAnswered ? 0 : 2) + (node.IsSecure ? 0 : 1);
}
