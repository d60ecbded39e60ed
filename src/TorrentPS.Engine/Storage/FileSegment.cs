namespace TorrentPS.Engine.Storage;

/// <summary>A run of bytes of one file.</summary>
/// <param name="File">The file's index in the torrent.</param>
/// <param name="Offset">Where in the file it begins.</param>
/// <param name="Length">How many bytes; never 0.</param>
internal readonly record struct FileSegment(int File, long Offset, int Length);
