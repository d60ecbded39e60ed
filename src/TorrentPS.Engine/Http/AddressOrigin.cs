namespace TorrentPS.Engine.Http;

/// <summary>Where an address that is to be asked came from.</summary>
internal enum AddressOrigin
{
    /// <summary>The user named it.</summary>
    User,

    /// <summary>A torrent or a magnet link calls it a tracker.</summary>
    Tracker,

    /// <summary>A torrent or a magnet link calls it a web seed.</summary>
    WebSeed,

    /// <summary>A device in the local network has it on itself.</summary>
    Device,
}
