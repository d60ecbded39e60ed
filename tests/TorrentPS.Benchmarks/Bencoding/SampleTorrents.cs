using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Benchmarks.Bencoding;

/// <summary>The two shapes of large .torrent files, generated from a seed. Their hashes match no data.</summary>
internal static class SampleTorrents
{
    private const int PieceLength = 256 * 1024;

    /// <summary>Nearly all of its 10 MB are one string of piece hashes.</summary>
    public static TorrentBuilder ManyPieces() => OneFile(499_000);

    /// <summary>6 MB of paths and lengths.</summary>
    public static TorrentBuilder ManyFiles()
    {
        var builder = new TorrentBuilder("many files", PieceLength);
        for (int i = 0; i < 100_000; i++)
            builder.AddFile($"folder {i / 1000:00}/sub {i / 50 % 20:00}/file {i:000000}.bin", 20_000 + i % 977);
        return WithHashes(builder);
    }

    private static TorrentBuilder OneFile(int pieces)
    {
        var builder = new TorrentBuilder("many pieces.bin", PieceLength);
        builder.SetSingleFile((long)pieces * PieceLength);
        return WithHashes(builder);
    }

    private static TorrentBuilder WithHashes(TorrentBuilder builder)
    {
        byte[] hashes = new byte[20 * builder.PieceCount];
        new Random(1).NextBytes(hashes);
        builder.PieceHashes = hashes;
        builder.Trackers = [[new Uri("http://127.0.0.1:6969/announce")]];
        return builder;
    }
}
