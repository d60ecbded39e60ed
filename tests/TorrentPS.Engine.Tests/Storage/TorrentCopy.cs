using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Copies of torrents with other addresses, which are outside the info dictionary.</summary>
internal static class TorrentCopy
{
    public static Torrent WithTracker(this Torrent torrent, Uri tracker) => torrent.With([], tracker);

    /// <param name="torrent">The torrent, of version 1.</param>
    /// <param name="webSeeds">Its web seeds.</param>
    /// <param name="trackers">Its trackers, each in a separate tier.</param>
    public static Torrent With(this Torrent torrent, IReadOnlyList<Uri> webSeeds, params IEnumerable<Uri> trackers) => new()
    {
        Name = torrent.Name,
        InfoHash = torrent.InfoHash,
        Version = torrent.Version,
        PieceLength = torrent.PieceLength,
        Length = torrent.Length,
        PieceCount = torrent.PieceCount,
        Files = torrent.Files,
        IsSingleFile = torrent.IsSingleFile,
        InfoBytes = torrent.InfoBytes,
        PieceHashes = torrent.PieceHashes,
        WebSeeds = webSeeds,
        Trackers = [.. trackers.Select(tracker => new[] { tracker })],
    };
}
