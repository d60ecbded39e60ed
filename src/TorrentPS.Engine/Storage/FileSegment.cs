namespace TorrentPS.Engine.Storage;

/// <summary>A range of bytes in one file.</summary>
/// <param name="File">The file's index in the torrent.</param>
/// <param name="Offset">The offset in the file.</param>
/// <param name="Length">The number of bytes; never 0.</param>
internal readonly record struct FileSegment(int File, long Offset, int Length);
