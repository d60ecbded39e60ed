using System.Text;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

/// <content>Hostile peers: floods, and messages that make us hold memory.</content>
public sealed partial class PeerSessionTests
{
    private static byte[] Extended(byte id, string payload) => Message(MessageId.Extended, [id, .. Encoding.ASCII.GetBytes(payload)]);

    /// <summary>Messages that move no data, and how many a real client may send per minute.</summary>
    public static TheoryData<string, byte[], int> Idle() => new()
    {
        { "keep-alives", [0, 0, 0, 0], 3000 },
        { "unknown messages", Message((MessageId)99, 1, 2, 3), 3000 },
        { "unknown extension messages", Extended(77, "de"), 3000 },
        { "the same 'have'", Numbers(MessageId.Have, 1), 3000 },
        { "a port again and again", Message(MessageId.Port, 1, 2), 3000 },
        { "interest to and fro", [.. Message(MessageId.Interested), .. Message(MessageId.NotInterested)], 400 },
        { "chokes to and fro", [.. Message(MessageId.Unchoke), .. Message(MessageId.Choke)], 100 },
        { "all its pieces again and again", [.. Message(MessageId.Bitfield, 0xFF, 0xC0), .. Message(MessageId.Bitfield, 0, 0)], 5 },
        { "extension handshakes without end", Extended(0, "d1:md6:ut_pexi1eee"), 80 },
        { "all extension ids for one name", Extended(0, "d1:md6:ut_pexi1e6:ut_pexi2e6:ut_pexi3eee"), 80 },
        { "cancels of what it did not ask for", Numbers(MessageId.Cancel, 1, 0, 16384), 3000 },
        { "requests while it is choked", Numbers(MessageId.Request, 1, 0, 16384), 3000 },
    };

    [Theory]
    [MemberData(nameof(Idle))]
    public void A_flood_of_messages_without_data_ends_the_connection(string what, byte[] messages, int mayBe)
    {
        Start(isSeed: true, exchangesPeers: true);
        Sent();
        int sent = 0, answered = 0;
        for (; sent < 20_000 && _swarm.Reason is null; sent++)
        {
            Send(messages);
            answered += _peer.TakeArrived().Length;
        }

        AssertViolated("flood");
        Assert.True(sent > mayBe, $"{what}: ended after {sent}");
        // Messages sent once are not counted, such as the allowed-fast set.
        Assert.True(answered <= sent * messages.Length + 200, $"{what}: {answered} bytes were answered to {sent * messages.Length}");
    }

    [Theory]
    [MemberData(nameof(Idle))]
    public void Messages_of_real_clients_are_no_flood(string what, byte[] messages, int mayBe)
    {
        Start(isSeed: true, exchangesPeers: true);
        for (int minute = 0; minute < 10; minute++)
        {
            _swarm.Now = 60 * minute;
            for (int i = 0; i < mayBe; i++)
                Send(messages);
        }

        Assert.True(_swarm.Reason is null, what);
        AssertOpen();
    }

    /// <summary>All pieces of the peer are counted again: the price is that of as many have messages, and messages about no pieces do not pay it.</summary>
    [Theory]
    [InlineData("upload_only")]
    [InlineData("allowed fast")]
    [InlineData("extension handshake")]
    public void Messages_about_no_pieces_count_none(string what)
    {
        Start(isSeed: true);
        Send(what switch
        {
            "upload_only" => Message(MessageId.Extended, UploadOnlyNotice.Id, 1),
            "allowed fast" => Numbers(MessageId.AllowedFast, 3),
            _ => Extended(0, "d11:upload_onlyi1ee"),
        });
        Assert.DoesNotContain(_swarm.Events, text => text.StartsWith("pieces", StringComparison.Ordinal));
        AssertOpen();
    }

    [Fact]
    public void The_price_of_declaring_all_pieces_grows_with_their_number_and_allows_it_twice()
    {
        Assert.Equal(399, MessageBudget.ForAll(10));
        Assert.Equal(499, MessageBudget.ForAll(100_000));
        Assert.Equal(MessageBudget.Burst / 2, MessageBudget.ForAll(int.MaxValue));
    }

    [Fact]
    public void Cancelling_requests_at_once_does_not_evade_the_limits()
    {
        Start(isSeed: true, uploadLimit: 100);
        _loop.Run(() => _session.SendChoke(false));
        byte[] pair = [.. Numbers(MessageId.Request, 3, 0, 16384), .. Numbers(MessageId.Cancel, 3, 0, 16384), .. Numbers(MessageId.Cancel, 3, 0, 16384)];
        for (int i = 0; i < 20_000 && _swarm.Reason is null; i++)
        {
            Send(pair);
            Assert.InRange(_session.RequestsWaiting, 0, 1);
        }

        AssertViolated("flood");
    }

    [Fact]
    public void Chokes_with_outstanding_requests_give_no_right_to_endless_useless_data()
    {
        Start();
        BecomeSeedAndUnchoke();
        Ask(20);
        for (int i = 0; i < 150; i++)
            Send([.. Message(MessageId.Choke), .. Message(MessageId.Unchoke)]); // each time it may send the blocks in transit
        for (int i = 0; i < 5000 && _swarm.Reason is null; i++)
            Send(Piece(5, 0, 16384));
        AssertViolated("flood");
        End();
        Start();
        BecomeSeedAndUnchoke();
        Ask(20);
        for (int i = 0; i < 80; i++)
            Send([.. Message(MessageId.Choke), .. Message(MessageId.Unchoke)]);
        int rubbish = 0;
        for (; rubbish < 10_000 && _swarm.Reason is null; rubbish++)
            Send(Piece(5, 1, 100));
        AssertViolated("unrequested blocks");
        Assert.InRange(rubbish, 64, 4097);
    }

    [Fact]
    public void A_long_unknown_message_is_skipped_without_being_kept()
    {
        Start();
        byte[] message = Message((MessageId)77, new byte[PeerMessage.MaxLength - 1]);
        for (int i = 0; i < message.Length; i += 1000)
            Send(message.AsSpan(i, Math.Min(1000, message.Length - i)));
        Assert.InRange(_ours.LargestBuffer, 1, 16 * 1024);
        Send(Message(MessageId.Unchoke));
        Assert.Equal(["unchoked"], _swarm.Events);
        AssertOpen();
    }

    [Fact]
    public void A_message_that_comes_a_byte_at_a_time_is_read()
    {
        Start(readLimit: 1);
        BecomeSeedAndUnchoke();
        List<Outstanding> asked = Ask(1);
        Send(Piece(0, 0, 16384));
        Assert.Equal(asked, _swarm.Blocks);
    }

    [Fact]
    public void A_conversation_that_is_cut_anywhere_ends_without_a_fault()
    {
        byte[] all = [.. Extended(0, "d1:md6:ut_pexi1eee"), .. Message(MessageId.Bitfield, 0xFF, 0xC0), .. Message(MessageId.Unchoke), .. Numbers(MessageId.Have, 3), .. Numbers(MessageId.Request, 1, 0, 16384), .. Piece(1, 0, 40)];
        for (int cut = 0; cut < all.Length; cut++)
        {
            if (cut > 0)
                End();
            Start(isSeed: true);
            Send(all.AsSpan(0, cut));
            _loop.Run(_peer.Dispose);
            Assert.Null(_swarm.Fault);
            Assert.Equal(PeerClose.Lost, _swarm.Reason);
            Assert.True(_running.IsCompletedSuccessfully);
        }
    }

    [Fact]
    public void A_peer_that_requests_without_reading_is_closed_after_two_minutes_even_if_it_keeps_sending()
    {
        Start(isSeed: true);
        _loop.Run(() => _session.SendChoke(false));
        _ours.Sends = false;
        Send([.. Numbers(MessageId.Request, 0, 0, 16384), .. Numbers(MessageId.Request, 1, 0, 16384)]);
        for (double now = 0; now < 120; now += 10)
        {
            _swarm.Now = now;
            Send(0, 0, 0, 0);
            _loop.Run(() => _session.Tick(_swarm.Now));
            AssertOpen();
        }

        _swarm.Now = 121;
        _loop.Run(() => _session.Tick(_swarm.Now));
        Assert.Equal(PeerClose.TimedOut, _swarm.Reason);
        Assert.Equal(0, _swarm.UploadedBytes);
    }

    [Fact]
    public void Messages_queued_for_a_peer_that_was_just_closed_are_dropped()
    {
        Start();
        _loop.Run(() =>
        {
            _session.QueueHave(1);
            _session.Close(PeerClose.Stopping);
            _session.QueueHave(2);
            _session.Flush();
            _swarm.Now = 200;
            _session.Tick(_swarm.Now);
        });
        Assert.Null(_swarm.Fault);
        Assert.Equal(PeerClose.Stopping, _swarm.Reason);
    }

    [Fact]
    public void A_fault_of_this_program_ends_only_the_connection_whose_message_triggered_it()
    {
        Start();
        _swarm.ChokeFault = new InvalidOperationException("injected");
        Send(Message(MessageId.Unchoke));
        Assert.Equal((PeerClose.Faulted, "injected"), (_swarm.Reason, _swarm.Fault?.Message));
        Assert.True(_ours.IsDisposed);
        Assert.True(_running.IsCompletedSuccessfully);
    }
}
