using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm.Picking;

public sealed class BadPieceJournalTests
{
    private readonly BadPieceJournal _journal = new();

    private static OpenPiece Piece(params PeerState[] senders)
    {
        OpenPiece piece = new(3, senders.Length * 16384, 256 * 1024);
        for (int block = 0; block < senders.Length; block++)
        {
            piece.AddRequester(block, senders[block]);
            piece.Receive(block, senders[block]);
        }

        return piece;
    }

    private static byte[][] Digests(params byte[] values) => [.. values.Select(value => value == 0 ? Array.Empty<byte>() : [value, value])];

    [Fact]
    public void A_single_sender_of_a_bad_piece_is_identified_at_once()
    {
        PeerState liar = SwarmData.Peer(1);
        Assert.Same(liar, _journal.Failed(Piece(liar, liar, liar), Digests(1, 2, 3)));
        Assert.False(_journal.Knows(3));
    }

    [Fact]
    public void The_sender_of_bad_data_is_found_when_the_piece_is_correct()
    {
        PeerState a = SwarmData.Peer(1), liar = SwarmData.Peer(1), c = SwarmData.Peer(1);
        Assert.Null(_journal.Failed(Piece(a, liar, c, a), Digests(1, 99, 3, 4)));
        Assert.True(_journal.Knows(3));
        Assert.False(_journal.Knows(4));
        Assert.Equal([liar], _journal.Verified(3, Digests(1, 2, 3, 4)));
        Assert.False(_journal.Knows(3));
        Assert.Empty(_journal.Verified(3, Digests(1, 2, 3, 4)));
    }

    [Fact]
    public void Several_attempts_identify_several_senders()
    {
        PeerState a = SwarmData.Peer(1), liar = SwarmData.Peer(1), other = SwarmData.Peer(1);
        _journal.Failed(Piece(a, liar), Digests(1, 98));
        _journal.Failed(Piece(other, a), Digests(97, 2));
        Assert.Equal([liar, other], _journal.Verified(3, Digests(1, 2)).OrderBy(peer => peer == other));
    }

    [Fact]
    public void Data_that_could_not_be_read_again_incriminates_no_peer()
    {
        PeerState a = SwarmData.Peer(1), b = SwarmData.Peer(1);
        _journal.Failed(Piece(a, b), Digests(0, 9));
        Assert.Empty(_journal.Verified(3, Digests(1, 0)));
        _journal.Failed(Piece(a, b), Digests(1, 9));
        Assert.Empty(_journal.Verified(3, null));
    }

    [Fact]
    public void Attempts_are_bounded()
    {
        PeerState a = SwarmData.Peer(1), b = SwarmData.Peer(1);
        PeerState[] liars = [.. Enumerable.Range(0, 100).Select(_ => SwarmData.Peer(1))];
        foreach (PeerState liar in liars)
            _journal.Failed(Piece(a, liar), Digests(1, 9));
        Assert.Equal(4, _journal.Verified(3, Digests(1, 2)).Count);
        Assert.NotNull(b);
    }
}
