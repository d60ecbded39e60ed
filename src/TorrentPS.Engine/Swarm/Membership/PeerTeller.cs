namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>One that names peers to us (BEP 11), and how much of the book it has had. Those at one address are one.</summary>
internal sealed class PeerTeller
{
    /// <summary>Addresses that are in the book on its word alone, at once.</summary>
    public const int MaxOpen = 200;

    /// <summary>Addresses that it may name at all.</summary>
    public const int MaxNamed = 2000;

    /// <summary>Addresses in the book that nobody else has named and that no connection has proved.</summary>
    public int Open { get; set; }

    /// <summary>Addresses that it was the first to name.</summary>
    public int Named { get; set; }

    /// <summary>Whether one more is taken from it.</summary>
    public bool IsHeard => Open < MaxOpen && Named < MaxNamed;
}
