namespace TorrentPS;

/// <summary>How soon a file of a download is wanted.</summary>
public enum FilePriority
{
    /// <summary>It is not downloaded. What is on the disk of it stays there.</summary>
    Skip,

    /// <summary>Its pieces are requested of a peer that has no others to request.</summary>
    Low,

    /// <summary>As every file that is wanted in the beginning.</summary>
    Normal,

    /// <summary>Its pieces are requested before those of other files.</summary>
    High,
}
