using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>When a piece is right: by the hashes of each kind that its torrent has.</summary>
[SuppressMessage("Security", "CA5350", Justification = "BEP 3 has SHA-1.")]
public sealed class PieceHashesTests
{
    private const int PieceLength = 16384;

    private static readonly byte[] s_wrong1 = new byte[20], s_wrong2 = new byte[32];

    private static byte[] Sha1(Sample sample, int piece) => SHA1.HashData(sample.Piece(piece).Span);

    private static byte[] Root(Sample sample, int piece)
    {
        Assert.True(new PieceLayers(sample.Torrent).TryGet(piece, out ReadOnlySpan<byte> root));
        return root.ToArray();
    }

    private static Sample Make(TorrentVersion version) => Sample.BuildV2(version, PieceLength, 1, ("a", 3 * PieceLength - 9), ("b", 2 * PieceLength));

    [Fact]
    public void Of_version_1_by_its_SHA_1()
    {
        Sample sample = Sample.Make(PieceLength, 1, ("a", 20_000));
        PieceHashes hashes = new(sample.Torrent, null);
        Assert.True(hashes.HasSha1);
        Assert.True(hashes.IsRight(1, Sha1(sample, 1), []));
        Assert.False(hashes.IsRight(0, Sha1(sample, 1), []));
        Assert.False(hashes.IsRight(0, s_wrong1, []));
    }

    [Fact]
    public void Of_version_2_by_its_root()
    {
        Sample sample = Make(TorrentVersion.V2);
        PieceHashes hashes = new(sample.Torrent, new PieceLayers(sample.Torrent));
        Assert.False(hashes.HasSha1);
        Assert.True(hashes.IsRight(1, [], Root(sample, 1)));
        Assert.False(hashes.IsRight(0, [], Root(sample, 1)));
    }

    [Fact]
    public void Of_a_hybrid_torrent_by_both_or_the_torrent_contradicts_itself()
    {
        Sample sample = Make(TorrentVersion.Hybrid);
        PieceHashes hashes = new(sample.Torrent, new PieceLayers(sample.Torrent));
        Assert.True(hashes.IsRight(1, Sha1(sample, 1), Root(sample, 1)));
        Assert.False(hashes.IsRight(1, s_wrong1, s_wrong2));
        foreach ((byte[] sha1, byte[] root) in ((byte[], byte[])[])[(Sha1(sample, 1), s_wrong2), (s_wrong1, Root(sample, 1))])
        {
            TorrentException fault = Assert.Throws<TorrentException>(() => hashes.IsRight(1, sha1, root));
            Assert.Equal(TorrentErrorId.InvalidTorrent, fault.ErrorId);
            Assert.Contains("(piece 1)", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void While_the_roots_of_version_2_are_not_known_no_piece_is_right_before_all_of_its_file_are()
    {
        Sample sample = Make(TorrentVersion.V2);
        PieceHashes hashes = new(sample.InfoOnly(), new PieceLayers(sample.InfoOnly()));
        Assert.All(Enumerable.Range(0, 3), piece => Assert.False(hashes.IsRight(piece, [], Root(sample, piece))));
        Assert.True(hashes.IsRight(0, [], Root(sample, 0)));
        Assert.False(hashes.IsRight(3, [], Root(sample, 3)));
    }

    [Fact]
    public void While_the_roots_of_a_hybrid_torrent_are_not_known_a_piece_is_right_by_its_SHA_1()
    {
        Sample sample = Make(TorrentVersion.Hybrid);
        PieceHashes hashes = new(sample.InfoOnly(), new PieceLayers(sample.InfoOnly()));
        Assert.False(hashes.IsRight(0, s_wrong1, Root(sample, 0)));
        Assert.All(Enumerable.Range(0, 3), piece => Assert.True(hashes.IsRight(piece, Sha1(sample, piece), Root(sample, piece))));
        Assert.True(hashes.Layers!.IsOwn(0));

        // The last root of a file makes another one than the torrent's.
        Assert.True(hashes.IsRight(3, Sha1(sample, 3), s_wrong2));
        Assert.Throws<TorrentException>(() => hashes.IsRight(4, Sha1(sample, 4), Root(sample, 4)));
    }
}
