namespace TorrentPS.Engine.Metainfo;

/// <summary>One file of a torrent.</summary>
/// <param name="Path">The path below the destination, sanitized, with '/' between the components; begins with the torrent's name if there are several files.</param>
/// <param name="Length">The size in bytes.</param>
/// <param name="Index">The index in the torrent, from 0.</param>
/// <param name="Offset">The offset of its first byte in the torrent's data.</param>
public sealed record TorrentFile(string Path, long Length, int Index, long Offset)
{
    /// <summary>Whether the file is padding (BEP 47): zeros that are not stored.</summary>
    public bool IsPadding { get; init; }

    /// <summary>The target of a symbolic link (BEP 47) as in the torrent; only an empty file is created in its place. Null for any other file.</summary>
    internal string? LinkTarget { get; init; }

    /// <summary>The path.</summary>
    public override string ToString() => Path;
}
