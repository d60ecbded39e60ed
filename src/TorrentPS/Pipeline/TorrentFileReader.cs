using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Pipeline;

/// <summary>Reads .torrent files, and no file that is too large to be one.</summary>
internal static class TorrentFileReader
{
    // The limit of libtorrent, which keeps a mistyped path from filling the memory.
    private const long MaxLength = 10_000_000;

    public static async Task<TorrentInfo> ReadAsync(string path, CancellationToken cancellationToken)
    {
        GivenFile.Check(path);
        await using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        if (stream.Length > MaxLength)
            throw new TorrentException(TorrentErrorId.InvalidTorrent, $"the file has {stream.Length} bytes, and a torrent has at most {MaxLength}");
        byte[] data = new byte[stream.Length];
        int length = await stream.ReadAtLeastAsync(data, data.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return new TorrentInfo(Torrent.Parse(data.AsMemory(0, length)), path);
    }
}
