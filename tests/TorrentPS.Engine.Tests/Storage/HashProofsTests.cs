using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Storage;

/// <summary>Valid proofs are accepted and no others (BEP 52, "hashes").</summary>
public sealed class HashProofsTests
{
    [Theory]
    [InlineData(16384, 1300)]
    [InlineData(32768, 5)]
    [InlineData(65536, 2)]
    public void Hashes_of_pieces_lead_to_the_root(int pieceLength, int pieces)
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, pieceLength, 1, ("f", (pieces - 1) * pieceLength + 1));
        PieceLayers layers = new(sample.Torrent);
        HashProofs proofs = new(sample.Torrent, layers);
        ReadOnlySpan<byte> root = sample.Torrent.PieceRoots![0].Span;
        Assert.Equal(0, proofs.FileOf(root));
        Assert.Equal(-1, proofs.FileOf(new byte[32]));
        int height = layers.HeightOfFile(0);
        for (int length = 2; length <= Math.Min(512, 1 << (height - layers.PieceHeight)); length *= 4)
        {
            for (int index = 0; index < pieces; index += length)
            {
                HashRange range = new(layers.PieceHeight, index, length, height - layers.PieceHeight - 1);
                Assert.True(range.IsIn(height));
                byte[] answer = proofs.ProvePieces(0, index, length, range.ProofCount)!;
                Assert.Equal(range.HashesLength, answer.Length);
                Assert.True(HashProofs.Leads(answer, length, index, layers.PieceHeight, root));
                answer[^1] ^= 1;
                Assert.False(HashProofs.Leads(answer, length, index, layers.PieceHeight, root));
            }
        }
    }

    [Fact]
    public void Leaves_lead_to_the_root_of_the_piece_and_of_the_file()
    {
        const int PieceLength = 8 * 16384;
        Sample sample = Sample.BuildV2(TorrentVersion.V2, PieceLength, 2, ("f", 5 * PieceLength + 40_000));
        PieceLayers layers = new(sample.Torrent);
        HashProofs proofs = new(sample.Torrent, layers);
        int height = layers.HeightOfFile(0);
        for (int piece = 0; piece < 6; piece++)
        {
            byte[] leaves = new byte[Merkle.BlockCount(sample.Piece(piece).Length) * 32];
            Merkle.HashBlocks(sample.Piece(piece).Span, leaves);
            HashRange all = new(0, piece * 8, 8, 0), some = new(0, piece * 8 + 4, 2, height - 1);
            HashTree tree = new(leaves, 0, 3);
            Assert.True(layers.TryGet(piece, out ReadOnlySpan<byte> root));
            Assert.Equal(root, tree.Layer(3));
            Assert.True(HashProofs.Leads(proofs.ProveLeaves(piece, tree, all.Index, 8, all.ProofCount), 8, 0, 0, root));
            Assert.True(HashProofs.Leads(proofs.ProveLeaves(piece, tree, some.Index, 2, some.ProofCount), 2, some.Index, 0, sample.Torrent.PieceRoots![0].Span));
        }
    }

    [Fact]
    public void Unknown_hashes_are_not_proved()
    {
        Sample sample = Sample.BuildV2(TorrentVersion.V2, 16384, 3, ("f", 600 * 16384));
        PieceLayers known = new(sample.Torrent), layers = new(sample.InfoOnly());
        HashProofs proofs = new(sample.Torrent, layers);
        Assert.Null(proofs.ProvePieces(0, 0, 2, 0));
        Assert.True(known.TryGetLayer(0, out ReadOnlyMemory<byte> all));
        layers.Add(0, 0, all.Span[..(512 * 32)]);
        Assert.True(layers.IsKnown(511));
        Assert.False(layers.IsKnown(512));
        Assert.False(layers.IsComplete);
        Assert.Null(proofs.ProvePieces(0, 0, 2, 0));
        layers.Add(0, 1, all.Span[(512 * 32)..]);
        Assert.True(layers.IsComplete);
        Assert.NotNull(proofs.ProvePieces(0, 0, 2, 0));
    }
}
