namespace TorrentPS.Engine.Storage;

/// <summary>What is known of a piece of data on disk.</summary>
internal enum PieceCondition : byte
{
    /// <summary>All its bytes are there and have the torrent's hash.</summary>
    Right,

    /// <summary>All its bytes are there and have another hash: at least one of them is wrong, and nobody can say which.</summary>
    Wrong,

    /// <summary>Some of its bytes are not there, so the others cannot be checked.</summary>
    Incomplete,

    /// <summary>Some of its bytes cannot be read.</summary>
    Unreadable,
}
