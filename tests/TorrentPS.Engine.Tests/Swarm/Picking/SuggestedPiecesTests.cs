using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class SuggestedPiecesTests
{
    private readonly SuggestedPieces _suggested = new();

    [Fact]
    public void They_are_taken_in_order_and_the_oldest_give_way()
    {
        for (int piece = 0; piece < SuggestedPieces.Capacity + 2; piece++)
            _suggested.Add(piece, 0);
        Assert.Equal(SuggestedPieces.Capacity, _suggested.Count);
        Assert.True(_suggested.TryTake(out int first));
        Assert.Equal(2, first);
    }

    [Fact]
    public void They_expire_before_the_suggesting_peer_repeats_them_to_another()
    {
        Assert.True(SuggestedPieces.ExpirySeconds < PieceGuide.ExpirySeconds);
        _suggested.Add(7, 0);
        _suggested.Add(8, 1);
        _suggested.Expire(SuggestedPieces.ExpirySeconds - 0.1);
        Assert.Equal(2, _suggested.Count);
        _suggested.Expire(SuggestedPieces.ExpirySeconds);
        Assert.True(_suggested.TryTake(out int piece));
        Assert.Equal(8, piece);
        Assert.False(_suggested.TryTake(out _));
    }
}
