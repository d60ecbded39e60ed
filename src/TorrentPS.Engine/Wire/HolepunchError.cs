namespace TorrentPS.Engine.Wire;

/// <summary>Why two peers cannot be connected (BEP 55, "err_code").</summary>
internal enum HolepunchError : uint
{
    None,

    /// <summary>The address cannot be that of a peer.</summary>
    NoSuchPeer,

    /// <summary>The relay is not connected to the target.</summary>
    NotConnected,

    /// <summary>The target does not support the extension.</summary>
    NoSupport,

    /// <summary>The target is the relay itself.</summary>
    NoSelf,
}
