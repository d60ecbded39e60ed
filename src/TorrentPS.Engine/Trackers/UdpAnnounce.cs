namespace TorrentPS.Engine.Trackers;

/// <summary>The fields of an announce by UDP (BEP 15), without connection and transaction id.</summary>
internal ref struct UdpAnnounce
{
    /// <summary>The hash on the wire, 20 bytes.</summary>
    public ReadOnlySpan<byte> InfoHash { get; set; }

    /// <summary>20 bytes.</summary>
    public ReadOnlySpan<byte> PeerId { get; set; }

    public long Downloaded { get; set; }

    public long Left { get; set; }

    public long Uploaded { get; set; }

    public AnnounceEvent Event { get; set; }

    /// <summary>The IPv4 address to list in place of the sender's, in the order of its text; 0 for the sender's.</summary>
    public uint Address { get; set; }

    public uint Key { get; set; }

    /// <summary>How many peers are wanted; -1 for as many as the tracker likes.</summary>
    public int NumWant { get; set; }

    public ushort Port { get; set; }

    /// <summary>Path and query of the announce address (BEP 41); empty where there are none.</summary>
    public ReadOnlySpan<byte> UrlData { get; set; }
}
