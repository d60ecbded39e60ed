namespace TorrentPS.Engine.Storage.Creating;

/// <summary>How far the making of a torrent has come.</summary>
/// <param name="BytesHashed">Bytes that are hashed.</param>
/// <param name="BytesTotal">Bytes in all its files.</param>
public readonly record struct TorrentCreatorProgress(long BytesHashed, long BytesTotal);
