namespace TorrentPS;

/// <summary>The state of one file of a torrent on disk.</summary>
public enum TorrentDataStatus
{
    /// <summary>The file has the right size, and every byte is verified.</summary>
    Complete,

    /// <summary>Pieces of the file have a wrong hash.</summary>
    Damaged,

    /// <summary>The file does not exist.</summary>
    Missing,

    /// <summary>The file is shorter or longer than in the torrent.</summary>
    WrongSize,

    /// <summary>All checked data is right, but the file shares a piece with a file that is missing, too short or unreadable.</summary>
    Unverified,

    /// <summary>The file cannot be read.</summary>
    Unreadable,
}
