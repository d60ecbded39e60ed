using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

/// <content>The fast extension (BEP 6), and pieces that peers withdraw (BEP 54) or no longer want (BEP 21).</content>
public sealed partial class PeerSessionTests
{
    private List<(MessageId Id, byte[] Payload)> SentFast() => [.. Sent().Where(message => message.Id != MessageId.Extended)];

    [Fact]
    public void It_declares_all_or_none()
    {
        Start(isSeed: true);
        Assert.Equal([MessageId.HaveAll], SentFast().Select(message => message.Id));
        End();
        Start();
        Assert.Equal([MessageId.HaveNone], SentFast().Select(message => message.Id));
    }

    [Fact]
    public void A_peer_without_the_extension_gets_ordinary_messages()
    {
        Start(isSeed: true, extensions: false);
        Assert.Equal([MessageId.Bitfield], Sent().Select(message => message.Id));
        _loop.Run(() => _session.SendChoke(false));
        Send(Numbers(MessageId.Request, 0, 0, 16384));
        _loop.RunUntil(() => _swarm.UploadedBytes == 16384);
        Assert.Equal([MessageId.Unchoke, MessageId.Piece], Sent().Select(message => message.Id));
        _loop.Run(() => _session.SendChoke(true));
        Send([.. Numbers(MessageId.Request, 0, 0, 16384), .. Message(MessageId.HaveAll), .. Numbers(MessageId.Reject, 0, 0, 16384), .. Numbers(MessageId.Suggest, 99)]);
        Assert.Equal([MessageId.Choke], Sent().Select(message => message.Id));
        Assert.True(_session.State.Pieces.IsEmpty);
        AssertOpen();
    }

    [Fact]
    public void Have_all_and_have_none_are_understood()
    {
        Start();
        Send(Message(MessageId.HaveAll));
        Assert.True(_session.State.Pieces.IsFull);
        Assert.Equal(10, _session.State.Interesting);
        Send(Message(MessageId.HaveNone));
        Assert.True(_session.State.Pieces.IsEmpty);
        Assert.Equal(0, _session.State.Interesting);
        AssertOpen();
    }

    [Theory]
    [InlineData("000000020E00")]
    [InlineData("000000020F00")]
    [InlineData("000000040D000000")]
    [InlineData("0000000411000000")]
    [InlineData("000000061100000000FF")]
    [InlineData("000000041000000000")]
    public void Fast_messages_of_a_wrong_length_are_violations(string bytes)
    {
        Start();
        Send([.. Convert.FromHexString(bytes), .. new byte[16]]);
        AssertViolated("wrong length");
    }

    [Theory]
    [InlineData(13, 10u)]
    [InlineData(13, uint.MaxValue)]
    [InlineData(17, 10u)]
    public void Pieces_beyond_the_torrent_are_violations(byte id, uint piece)
    {
        Start();
        Send(Numbers((MessageId)id, piece));
        AssertViolated("which does not exist");
    }

    [Fact]
    public void Each_request_gets_a_block_or_a_reject()
    {
        Start(isSeed: true);
        Sent();
        Send(Numbers(MessageId.Request, 3, 16384, 16384)); // choked, and not a new peer that may request nevertheless: it has not announced its pieces
        (MessageId id, byte[] payload) = Assert.Single(SentFast());
        Assert.Equal(MessageId.Reject, id);
        Assert.Equal(Numbers(MessageId.Reject, 3, 16384, 16384)[5..], payload);
        _loop.Run(() => _session.SendChoke(false));
        Send(Numbers(MessageId.Request, 3, 16384, 16384));
        _loop.RunUntil(() => _swarm.UploadedBytes == 16384);
        Assert.Equal([MessageId.Unchoke, MessageId.Piece], SentFast().Select(message => message.Id));
    }

    [Fact]
    public void A_request_for_missing_data_is_rejected()
    {
        Start();
        _loop.Run(() => _session.SendChoke(false));
        Sent();
        Send(Numbers(MessageId.Request, 3, 0, 16384));
        Assert.Equal([MessageId.Reject], SentFast().Select(message => message.Id));
        AssertOpen();
    }

    [Fact]
    public void Queued_requests_are_rejected_after_a_choke_a_cancel_or_loss_of_interest()
    {
        Start(isSeed: true, uploadLimit: 1); // nothing is sent
        _loop.Run(() => _session.SendChoke(false));
        Send([.. Numbers(MessageId.Request, 1, 0, 16384), .. Numbers(MessageId.Request, 2, 0, 16384), .. Numbers(MessageId.Request, 3, 0, 16384)]);
        Sent();
        Send(Numbers(MessageId.Cancel, 2, 0, 16384));
        Send(Numbers(MessageId.Cancel, 2, 0, 16384)); // once
        Assert.Equal([Numbers(MessageId.Reject, 2, 0, 16384)[5..]], SentFast().Select(message => message.Payload));
        _loop.Run(() => _session.SendChoke(true));
        List<(MessageId Id, byte[] Payload)> sent = SentFast();
        Assert.Equal([MessageId.Choke, MessageId.Reject, MessageId.Reject], sent.Select(message => message.Id)); // in this order, so that the peer knows the reason
        Assert.Equal(0, _session.RequestsWaiting);
        _loop.Run(() => _session.SendChoke(false));
        Send([.. Message(MessageId.Interested), .. Numbers(MessageId.Request, 1, 0, 16384), .. Message(MessageId.NotInterested)]);
        Assert.Equal([MessageId.Unchoke, MessageId.Reject], SentFast().Select(message => message.Id));
    }

    [Fact]
    public void A_new_peer_may_request_some_pieces_while_it_is_choked()
    {
        Start(isSeed: true);
        Sent();
        Send(Message(MessageId.HaveNone)); // ten pieces are few, so all are allowed
        Assert.Equal(Enumerable.Range(0, 10).Select(piece => Numbers(MessageId.AllowedFast, (uint)piece)[5..]), SentFast().Select(message => message.Payload));
        Send([.. Numbers(MessageId.Request, 4, 0, 16384), .. Numbers(MessageId.Request, 4, 16384, 16384)]);
        _loop.RunUntil(() => _swarm.UploadedBytes == 32768);
        Assert.Equal([MessageId.Piece, MessageId.Piece], SentFast().Select(message => message.Id));
        Send(Message(MessageId.HaveNone));
        Assert.Empty(SentFast()); // told once
    }

    [Fact]
    public void One_peer_of_a_network_is_allowed_pieces()
    {
        Start(isSeed: true);
        Assert.True(_swarm.MayAllowFast(_session.EndPoint.Address)); // as another peer at its address was
        Sent();
        Send(Message(MessageId.HaveNone));
        Assert.DoesNotContain(Sent(), message => message.Id == MessageId.AllowedFast);
        Send(Numbers(MessageId.Request, 4, 0, 16384));
        Assert.Equal([MessageId.Reject], SentFast().Select(message => message.Id));
    }

    [Fact]
    public void Requests_allowed_while_choked_are_limited()
    {
        Start(isSeed: true);
        Send(Message(MessageId.HaveNone));
        Sent();
        int blocks = 0, refusals = 0;
        for (int i = 0; i < 60; i++)
        {
            Send(Numbers(MessageId.Request, 4, 0, 16384));
            _loop.RunUntil(() => _session.RequestsWaiting == 0 && (_swarm.UploadedBytes >= 16384L * Math.Min(i + 1, 39)));
            foreach ((MessageId id, _) in SentFast())
                (blocks, refusals) = id == MessageId.Piece ? (blocks + 1, refusals) : (blocks, refusals + 1);
        }

        Assert.Equal((39, 21), (blocks, refusals)); // twice ten pieces, the last slightly shorter
    }

    [Fact]
    public void A_peer_with_enough_pieces_is_not_offered_any_more()
    {
        Start(isSeed: true);
        Send(Message(MessageId.Bitfield, 0xFF, 0xC0));
        Assert.DoesNotContain(Sent(), message => message.Id == MessageId.AllowedFast);
        Send(Numbers(MessageId.Request, 4, 0, 16384));
        Assert.Equal([MessageId.Reject], SentFast().Select(message => message.Id));
    }

    [Fact]
    public void A_flood_of_rejected_requests_ends_the_connection()
    {
        Start(isSeed: true);
        byte[] request = Numbers(MessageId.Request, 4, 0, 16384);
        Send([.. Enumerable.Repeat(request, 5000).SelectMany(bytes => bytes)]); // so many that thousands are read before any can be answered
        AssertViolated("flood");
    }

    [Fact]
    public void A_super_seed_announces_only_the_pieces_that_it_shows()
    {
        Start(isSeed: true);
        Sent();
        _loop.Run(() =>
        {
            _swarm.SuperSeeding = new SuperSeeding(10, new Random(1));
            _swarm.SuperSeeding.Join(_session.State, 0);
            _session.SendChoke(false);
        });
        Send(Message(MessageId.HaveNone));
        Assert.DoesNotContain(Sent(), message => message.Id == MessageId.AllowedFast);
        _loop.Run(() => _swarm.SuperSeeding!.Replace(_session.State, 0));
        int shown = _swarm.SuperSeeding!.Next(_session.State, 0);
        Send([.. Numbers(MessageId.Request, (uint)shown, 0, 16384), .. Numbers(MessageId.Request, (uint)(shown + 1) % 10, 0, 16384)]);
        _loop.RunUntil(() => _swarm.UploadedBytes == 16384);
        Assert.Equal([MessageId.Piece, MessageId.Reject], Sent().Select(message => message.Id).Order());
    }

    [Fact]
    public void A_rejected_block_is_reported_and_no_longer_outstanding()
    {
        Start();
        BecomeSeedAndUnchoke();
        List<Outstanding> asked = Ask(3);
        Send(Numbers(MessageId.Reject, 0, 16384, 16384));
        Assert.Equal([asked[1]], _swarm.RejectedBlocks);
        Assert.Equal(2, _session.State.Outstanding.Count);
        AssertOpen();
    }

    /// <summary>The peer got these requests after it had choked us and unchoked us again: it answers them.</summary>
    [Fact]
    public void Requests_that_crossed_a_choke_are_still_expected()
    {
        Start();
        BecomeSeedAndUnchoke();
        List<Outstanding> asked = Ask(4);
        Send(Piece(0, 0, 16384));
        _loop.Run(() =>
        {
            foreach (Outstanding item in asked[1..])
            {
                _swarm.Picker.Release(_session.State, item);
                _session.State.Outstanding[_session.State.Outstanding.IndexOf(item.Piece.Index, item.Block)] = item with { IsReleased = true };
            }
        });
        Send([.. Message(MessageId.Choke), .. Message(MessageId.Unchoke)]);
        Assert.Equal(3, _session.State.Outstanding.Count);
        Send(Piece(0, 16384, 16384));
        Assert.Equal(0, _swarm.WastedBytes);
        _loop.Run(() => _session.TickRequests(_swarm.Now + 4));
        Assert.Equal(2, _session.State.Outstanding.Count);
        _loop.Run(() => _session.TickRequests(_swarm.Now + 6));
        Assert.Equal(0, _session.State.Outstanding.Count);
        Assert.Equal(2, _swarm.RejectedBlocks.Count); // as if it had refused them
        AssertOpen();
    }

    [Fact]
    public void In_a_crowd_no_send_goes_beyond_a_piece()
    {
        Start(isSeed: true);
        _loop.Run(() => _session.SendChoke(false));
        _swarm.IsInCrowd = true;
        Sent();
        Send([.. Numbers(MessageId.Request, 1, 0, 16384), .. Numbers(MessageId.Request, 2, 0, 16384)]);
        _loop.RunUntil(() => _swarm.UploadedBytes == 32768);
        Assert.Equal([1, 2], _swarm.UploadedPieces);
        Assert.Equal((0, -1), (_session.State.Turn.Waiting, _session.State.Turn.NextPiece));
    }

    [Fact]
    public void Rejects_of_unrequested_blocks_are_tolerated_up_to_a_limit()
    {
        Start();
        BecomeSeedAndUnchoke();
        for (int i = 0; i < 64; i++)
            Send(Numbers(MessageId.Reject, 0, 0, 16384));
        AssertOpen();
        Send(Numbers(MessageId.Reject, 0, 0, 16384));
        AssertViolated("rejects");
    }

    [Fact]
    public void A_cancelled_block_may_be_rejected_or_sent()
    {
        Start();
        BecomeSeedAndUnchoke();
        List<Outstanding> asked = Ask(20);
        _loop.Run(() =>
        {
            foreach (Outstanding item in asked)
                _session.SendCancel(item.Piece, item.Block);
        });
        for (int i = 0; i < 64 + 20; i++)
            Send(Numbers(MessageId.Reject, 0, 0, 16384));
        AssertOpen();
    }

    [Fact]
    public void Allowed_and_suggested_pieces_are_recorded_within_limits()
    {
        Start();
        Send([.. Numbers(MessageId.AllowedFast, 3), .. Numbers(MessageId.AllowedFast, 3), .. Numbers(MessageId.AllowedFast, 9)]);
        Assert.Equal([3, 9], _session.State.AllowedFast);
        for (uint i = 0; i < 20; i++)
            Send(Numbers(MessageId.Suggest, i % 10));
        Assert.Equal(16, _session.State.Suggested.Count);
        AssertOpen();
    }

    [Fact]
    public void A_piece_that_is_gone_is_reported()
    {
        Start();
        Send([.. Message(MessageId.HaveAll), .. Message(MessageId.Extended, DontHaveNotice.Id, 0, 0, 0, 4)]);
        Assert.Equal(["pieces 10", "lost 4"], _swarm.Events);
        Send(Message(MessageId.Extended, DontHaveNotice.Id, 0, 0, 0, 10));
        AssertViolated("lt_donthave");
    }

    [Fact]
    public void A_peer_that_becomes_upload_only_counts_as_a_seed()
    {
        Start();
        Assert.False(_session.IsSeed);
        Send(Message(MessageId.Extended, UploadOnlyNotice.Id, 1));
        Assert.True(_session.IsSeed);
        Send(Message(MessageId.Extended, UploadOnlyNotice.Id, 0));
        Assert.False(_session.IsSeed);
        Send(Message(MessageId.Extended, [0, .. "d11:upload_onlyi1ee"u8]));
        Send(Message(MessageId.Extended, [0, .. "d1:v1:xe"u8])); // does not mention it
        Assert.True(_session.IsSeed);
        Send(Message(MessageId.Extended, UploadOnlyNotice.Id));
        AssertViolated("upload_only");
    }
}
