using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

/// <summary>The record of the pieces sent to a peer.</summary>
public sealed class ServedPiecesTests
{
    private readonly ServedPieces _served = new();

    [Fact]
    public void More_than_the_length_of_a_piece_was_requested_again()
    {
        Assert.False(_served.Add(3, 60, 100));
        Assert.False(_served.Add(4, 60, 100));
        Assert.False(_served.Add(3, 40, 100));
        Assert.True(_served.Add(3, 60, 100));
        Assert.False(_served.Add(3, 40, 100));
        Assert.True(_served.Add(3, 1, 100));
    }

    [Fact]
    public void Pieces_with_most_bytes_sent_come_first_and_then_the_latest()
    {
        for (int piece = 0; piece < 20; piece++)
            _served.Add(piece, piece < 18 ? 100 : 10, 100);
        Assert.Equal([.. Enumerable.Range(4, 14).Reverse(), 19, 18], _served.Pieces());
    }

    [Fact]
    public void A_sample_is_taken_once_from_what_was_sent()
    {
        Assert.False(_served.TryTakeSample(out _));
        _served.Add(3, 60, 100);
        Assert.True(_served.TryTakeSample(out int piece));
        Assert.Equal(3, piece);
        Assert.False(_served.TryTakeSample(out _));
        _served.Add(3, 40, 100);
        Assert.True(_served.TryTakeSample(out _));
    }
}
