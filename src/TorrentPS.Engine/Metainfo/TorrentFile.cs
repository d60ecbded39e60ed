namespace TorrentPS.Engine.Metainfo;

/// <summary>One file of a torrent.</summary>
/// <param name="Path">Where it goes below the destination, sanitized, with '/' between the parts; begins with the torrent's name when there are several files.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Index">Its place in the torrent, from 0.</param>
/// <param name="Offset">How many bytes of the torrent's data come before it.</param>
public sealed record TorrentFile(string Path, long Length, int Index, long Offset)
{
    /// <summary>Whether the file is padding (BEP 47): zeros that no one stores.</summary>
    public bool IsPadding { get; init; }

    /// <summary>Where it leads when it is a symbolic link (BEP 47), as the torrent says it; of such a file only an empty one is made. Null for any other.</summary>
    internal string? LinkTarget { get; init; }

    /// <summary>The path.</summary>
    public override string ToString() => Path;
}
