namespace TorrentPS;

/// <summary>What the data of one file of a torrent is like.</summary>
public enum TorrentDataStatus
{
    /// <summary>It is there, has the right size, and every byte of it is verified.</summary>
    Complete,

    /// <summary>Pieces of it have another hash than the torrent says.</summary>
    Damaged,

    /// <summary>There is no such file.</summary>
    Missing,

    /// <summary>It is shorter or longer than the torrent says.</summary>
    WrongSize,

    /// <summary>What could be checked of it is right, but it shares a piece with a file that is missing, too short or unreadable.</summary>
    Unverified,

    /// <summary>It cannot be read.</summary>
    Unreadable,
}
