namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>The account of a peer that names others (BEP 11). Peers at one address share an account.</summary>
internal sealed class PeerTeller
{
    /// <summary>The maximum number of addresses in the book that only it has named.</summary>
    public const int MaxOpen = 200;

    /// <summary>The maximum number of addresses that it may name in total.</summary>
    public const int MaxNamed = 2000;

    /// <summary>The number of addresses in the book that only it has named, and that no connection has confirmed.</summary>
    public int Open { get; set; }

    /// <summary>The number of addresses that it named first.</summary>
    public int Named { get; set; }

    /// <summary>Whether another address is accepted from it.</summary>
    public bool IsHeard => Open < MaxOpen && Named < MaxNamed;
}
