namespace TorrentPS.Engine.Net;

/// <summary>How far an address means the same machine.</summary>
internal enum AddressReach
{
    /// <summary>On this machine: loopback.</summary>
    Machine,

    /// <summary>On one cable or one radio: link-local.</summary>
    Link,

    /// <summary>In a network of somebody's own: private addresses (RFC 1918), shared ones (RFC 6598), unique local ones (RFC 4193).</summary>
    Site,

    /// <summary>Everywhere.</summary>
    World,
}
