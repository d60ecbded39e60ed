namespace TorrentPS.Engine.Storage.Creating;

/// <summary>The progress of creating a torrent.</summary>
/// <param name="BytesHashed">The number of hashed bytes.</param>
/// <param name="BytesTotal">The total size of the files in bytes.</param>
public readonly record struct TorrentCreatorProgress(long BytesHashed, long BytesTotal);
