namespace TorrentPS.Engine.Trackers;

/// <summary>The fields of a UDP announce (BEP 15), without the connection and transaction ids.</summary>
internal ref struct UdpAnnounce
{
    /// <summary>The info hash in its 20-byte form.</summary>
    public ReadOnlySpan<byte> InfoHash { get; set; }

    /// <summary>20 bytes.</summary>
    public ReadOnlySpan<byte> PeerId { get; set; }

    public long Downloaded { get; set; }

    public long Left { get; set; }

    public long Uploaded { get; set; }

    public AnnounceEvent Event { get; set; }

    /// <summary>The IPv4 address to list in place of the sender's, in network order; 0 for the sender's.</summary>
    public uint Address { get; set; }

    public uint Key { get; set; }

    /// <summary>The number of peers requested; -1 for the tracker's default.</summary>
    public int NumWant { get; set; }

    public ushort Port { get; set; }

    /// <summary>The path and query of the announce address (BEP 41); empty if there are none.</summary>
    public ReadOnlySpan<byte> UrlData { get; set; }
}
