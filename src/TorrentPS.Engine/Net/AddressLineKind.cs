namespace TorrentPS.Engine.Net;

/// <summary>The kind of a line in an IP block list.</summary>
internal enum AddressLineKind
{
    /// <summary>Empty, or a comment.</summary>
    Empty,

    /// <summary>Addresses that are blocked.</summary>
    Blocked,

    /// <summary>Addresses that are not blocked, because of their level.</summary>
    Allowed,

    /// <summary>Not readable.</summary>
    Unreadable,
}
