namespace TorrentPS.Engine.Wire;

/// <summary>Why two peers cannot be brought together (BEP 55, "err_code").</summary>
internal enum HolepunchError : uint
{
    None,

    /// <summary>There can be no peer at that address.</summary>
    NoSuchPeer,

    /// <summary>The one asked is not connected to it.</summary>
    NotConnected,

    /// <summary>The other does not know the extension.</summary>
    NoSupport,

    /// <summary>It is the one asked itself.</summary>
    NoSelf,
}
