namespace TorrentPS.Engine.Storage;

/// <summary>The state of a piece on disk.</summary>
internal enum PieceCondition : byte
{
    /// <summary>All bytes exist and have the right hash.</summary>
    Right,

    /// <summary>All bytes exist, but the hash is wrong: at least one byte is wrong, and it is unknown which.</summary>
    Wrong,

    /// <summary>Some bytes are missing, so the others cannot be checked.</summary>
    Incomplete,

    /// <summary>Some bytes cannot be read.</summary>
    Unreadable,
}
