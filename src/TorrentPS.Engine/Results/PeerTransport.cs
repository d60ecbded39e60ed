namespace TorrentPS;

/// <summary>The transports for peer connections.</summary>
public enum PeerTransport
{
    /// <summary>TCP and uTP: whichever connects first, with a head start for TCP. Both are accepted.</summary>
    Any,

    /// <summary>Only TCP.</summary>
    Tcp,

    /// <summary>Only uTP (BEP 29), which yields to other traffic on the line.</summary>
    Utp,
}
