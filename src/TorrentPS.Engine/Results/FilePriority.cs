namespace TorrentPS;

/// <summary>The priority of a file in a download.</summary>
public enum FilePriority
{
    /// <summary>It is not downloaded. Its data on disk stays.</summary>
    Skip,

    /// <summary>Its pieces are requested from a peer that has no others to request.</summary>
    Low,

    /// <summary>The initial priority of every wanted file.</summary>
    Normal,

    /// <summary>Its pieces are requested before those of other files.</summary>
    High,
}
