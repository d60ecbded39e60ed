namespace TorrentPS.Engine.Storage.Files;

/// <summary>What is at a path.</summary>
internal enum EntryKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A file with bytes, or an empty one.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link or a junction, where those are not followed.</summary>
    Link,

    /// <summary>A pipe: opening it waits for another program.</summary>
    Pipe,

    /// <summary>A device or a socket.</summary>
    Device,
}
