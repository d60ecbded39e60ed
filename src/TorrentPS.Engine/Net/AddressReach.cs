namespace TorrentPS.Engine.Net;

/// <summary>How far away the machine with an address can be.</summary>
internal enum AddressReach
{
    /// <summary>On this machine: loopback.</summary>
    Machine,

    /// <summary>On one cable or one radio: link-local.</summary>
    Link,

    /// <summary>In a private network: private addresses (RFC 1918), shared ones (RFC 6598), unique local ones (RFC 4193).</summary>
    Site,

    /// <summary>Anywhere in the Internet.</summary>
    World,
}
