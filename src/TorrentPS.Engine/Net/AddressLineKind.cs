namespace TorrentPS.Engine.Net;

/// <summary>What a line of a list of addresses says.</summary>
internal enum AddressLineKind
{
    /// <summary>Nothing: it is empty, or a remark.</summary>
    Empty,

    /// <summary>Addresses that are blocked.</summary>
    Blocked,

    /// <summary>Addresses that are not blocked, by their level.</summary>
    Allowed,

    /// <summary>What it says is not known.</summary>
    Unreadable,
}
