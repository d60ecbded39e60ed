namespace TorrentPS.Engine.Http;

/// <summary>The origin of an address to be contacted.</summary>
internal enum AddressOrigin
{
    /// <summary>Given by the user.</summary>
    User,

    /// <summary>A tracker of a torrent or magnet link.</summary>
    Tracker,

    /// <summary>A web seed of a torrent or magnet link.</summary>
    WebSeed,

    /// <summary>Announced by a device in the local network.</summary>
    Device,
}
