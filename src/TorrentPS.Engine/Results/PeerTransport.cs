namespace TorrentPS;

/// <summary>What connections to peers go over.</summary>
public enum PeerTransport
{
    /// <summary>TCP and uTP: whichever connects first, with a start for TCP. Both are accepted.</summary>
    Any,

    /// <summary>TCP alone.</summary>
    Tcp,

    /// <summary>uTP alone (BEP 29), which gives way to whatever else uses the line.</summary>
    Utp,
}
