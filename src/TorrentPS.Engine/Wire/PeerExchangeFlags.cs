namespace TorrentPS.Engine.Wire;

/// <summary>The properties of a peer in peer exchange (BEP 11, "added.f").</summary>
[Flags]
internal enum PeerExchangeFlags : byte
{
    None = 0,

    /// <summary>The peer prefers encrypted connections.</summary>
    PrefersEncryption = 0x01,

    /// <summary>The peer is a seed, or only uploads (BEP 21).</summary>
    Seed = 0x02,

    /// <summary>The peer supports uTP (BEP 29).</summary>
    SupportsUtp = 0x04,

    /// <summary>The peer supports holepunching (BEP 55).</summary>
    SupportsHolepunch = 0x08,

    /// <summary>The sender connected to the peer, so the peer is reachable.</summary>
    Reachable = 0x10,
}
