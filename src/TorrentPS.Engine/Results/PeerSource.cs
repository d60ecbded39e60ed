namespace TorrentPS;

/// <summary>The source of a peer's address.</summary>
public enum PeerSource
{
    /// <summary>A tracker (BEP 3, 7, 15, 23).</summary>
    Tracker,

    /// <summary>The distributed hash table (BEP 5).</summary>
    Dht,

    /// <summary>Another peer (BEP 11).</summary>
    PeerExchange,

    /// <summary>The local network (BEP 14).</summary>
    LocalDiscovery,

    /// <summary>The user.</summary>
    Manual,
}
