namespace TorrentPS.Engine.Storage.Files;

/// <summary>The kind of entry at a path.</summary>
internal enum EntryKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link or a junction, if links are not followed.</summary>
    Link,

    /// <summary>A pipe: opening it waits for another program.</summary>
    Pipe,

    /// <summary>A device or a socket.</summary>
    Device,
}
