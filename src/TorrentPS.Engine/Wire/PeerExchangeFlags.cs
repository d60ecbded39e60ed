namespace TorrentPS.Engine.Wire;

/// <summary>What a peer says of another that it names (BEP 11, "added.f").</summary>
[Flags]
internal enum PeerExchangeFlags : byte
{
    None = 0,

    /// <summary>It prefers encrypted connections.</summary>
    PrefersEncryption = 0x01,

    /// <summary>It has everything, or only uploads (BEP 21).</summary>
    Seed = 0x02,

    /// <summary>It supports uTP (BEP 29).</summary>
    SupportsUtp = 0x04,

    /// <summary>It supports hole punching (BEP 55).</summary>
    SupportsHolepunch = 0x08,

    /// <summary>The connection to it was made to it: it can be reached.</summary>
    Reachable = 0x10,
}
