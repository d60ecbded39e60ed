using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

/// <content>Uploads, limits, and the end of the connection.</content>
public sealed partial class PeerSessionTests
{
    [Fact]
    public void Uploads_requested_blocks()
    {
        Start(isSeed: true);
        _loop.Run(() => _session.SendChoke(false));
        Sent();
        Send([.. Numbers(MessageId.Request, 3, 16384, 16384), .. Numbers(MessageId.Request, 9, 100, 777), .. Numbers(MessageId.Request, 0, 0, PieceLength)]);
        _loop.RunUntil(() => _swarm.UploadedBytes == 16384 + 777 + PieceLength);
        List<(MessageId Id, byte[] Payload)> sent = Sent();
        Assert.Equal(3, sent.Count);
        Assert.Equal(Piece(3, 16384, 16384)[5..], sent[0].Payload);
        Assert.Equal(Piece(9, 100, 777)[5..], sent[1].Payload);
        Assert.Equal(Piece(0, 0, PieceLength)[5..], sent[2].Payload);
        Assert.Equal(_swarm.UploadedBytes, _session.State.UploadRate.Total);
    }

    [Fact]
    public void A_choked_peer_gets_nothing_and_missing_pieces_are_not_sent()
    {
        Start(isSeed: true);
        Sent();
        Send(Numbers(MessageId.Request, 0, 0, 16384));
        Assert.Equal(0, _session.RequestsWaiting);
        End();
        Start();
        _loop.Run(() => _session.SendChoke(false));
        Send(Numbers(MessageId.Request, 0, 0, 16384));
        Assert.Equal(0, _session.RequestsWaiting);
        AssertOpen();
    }

    [Fact]
    public void Cancel_choke_and_loss_of_interest_drop_requests()
    {
        Start(isSeed: true, uploadLimit: 100); // so slow that requests wait
        _loop.Run(() => _session.SendChoke(false));
        for (uint i = 0; i < 8; i++)
            Send(Numbers(MessageId.Request, i, 0, 16384));
        int waiting = _session.RequestsWaiting;
        Assert.InRange(waiting, 5, 8);
        Send(Numbers(MessageId.Cancel, 7, 0, 16384));
        Assert.Equal(waiting - 1, _session.RequestsWaiting);
        Send(Numbers(MessageId.Cancel, 7, 1, 16384));
        Assert.Equal(waiting - 1, _session.RequestsWaiting);
        Send([.. Message(MessageId.Interested), .. Message(MessageId.NotInterested)]);
        Assert.Equal(0, _session.RequestsWaiting);
        Send(Numbers(MessageId.Request, 2, 0, 16384));
        Assert.Equal(1, _session.RequestsWaiting);
        _loop.Run(() => _session.SendChoke(true));
        Assert.Equal(0, _session.RequestsWaiting);
    }

    [Fact]
    public void A_flood_of_requests_is_limited_and_then_ended()
    {
        Start(isSeed: true, uploadLimit: 100);
        _loop.Run(() => _session.SendChoke(false));
        byte[] request = Numbers(MessageId.Request, 0, 0, 16384);
        for (int i = 0; i < 600; i++)
            Send(request);
        Assert.InRange(_session.RequestsWaiting, 490, 500);
        AssertOpen();
        for (int i = 0; i < 1000 && _swarm.Reason is null; i++)
            Send(request);
        AssertViolated("flood");
    }

    /// <summary>Requests to a peer must not wait for the upload limit.</summary>
    [Fact]
    public void An_upload_limit_does_not_delay_other_messages()
    {
        Start(isSeed: true, uploadLimit: 100);
        _loop.Run(() => _session.SendChoke(false));
        for (uint i = 0; i < 8; i++)
            Send(Numbers(MessageId.Request, i, 0, 16384));
        Pass(1);
        _loop.RunUntil(() => _swarm.UploadedBytes > 0);
        Assert.True(_session.RequestsWaiting > 0);
        Sent();
        _loop.Run(() =>
        {
            _session.QueueHave(4);
            _session.Flush();
        });
        Assert.Equal([MessageId.Have], Sent().Select(message => message.Id));
    }

    [Fact]
    public void An_upload_limit_is_kept()
    {
        Start(isSeed: true, uploadLimit: 16384);
        _loop.Run(() => _session.SendChoke(false));
        for (uint i = 0; i < 10; i++)
            Send(Numbers(MessageId.Request, i, 0, 16384));
        Pass(1);
        _loop.RunUntil(() => _swarm.UploadedBytes >= 16384);
        long atStart = _swarm.UploadedBytes;
        for (int second = 1; second <= 6; second++)
        {
            Pass(1);
            long expected = Math.Min(atStart + (second - 1) * 16384, 10 * 16384);
            _loop.RunUntil(() => _swarm.UploadedBytes >= expected);
            Assert.InRange(_swarm.UploadedBytes, expected, atStart + (second + 1) * 16384);
        }
    }

    [Fact]
    public void A_download_limit_is_kept_and_does_not_count_against_the_peer()
    {
        Start(downloadLimit: 16384);
        BecomeSeedAndUnchoke();
        Pass(2);
        Ask(16);
        byte[] blocks = [.. Enumerable.Range(0, 16).SelectMany(i => Piece(i / 2, i % 2 * 16384, 16384))];
        Send(blocks);
        int before = _swarm.Blocks.Count;
        Assert.InRange(before, 0, 3);
        Assert.True(_session.IsHeldBack);
        _swarm.Now = 1000; // the peer is not silent: we do not read
        _loop.Run(() => _session.Tick(1000));
        AssertOpen();
        for (int second = 1; second <= 5; second++)
        {
            Pass(1);
            Assert.InRange(_swarm.Blocks.Count, before + second - 2, before + second + 2);
        }

        Pass(30);
        Assert.Equal(16, _swarm.Blocks.Count);
        Assert.False(_session.IsHeldBack);
    }

    [Fact]
    public void Silence_is_answered_by_keep_alives_and_then_by_closing()
    {
        Start();
        Sent();
        _swarm.Now = 101;
        _loop.Run(() => _session.Tick(101));
        Assert.Equal([0, 0, 0, 0], _peer.TakeArrived());
        _swarm.Now = 140;
        _loop.Run(() => _session.Tick(140));
        Assert.Empty(_peer.TakeArrived());
        Send(0, 0, 0, 0);
        _swarm.Now = 280;
        _loop.Run(() => _session.Tick(280));
        AssertOpen();
        _swarm.Now = 291;
        _loop.Run(() => _session.Tick(291));
        Assert.Equal(PeerClose.TimedOut, _swarm.Reason);
    }

    [Fact]
    public void The_end_of_the_connection_is_reported_once()
    {
        Start();
        _loop.Run(_peer.Dispose);
        Assert.Equal(PeerClose.Lost, _swarm.Reason);
        Assert.True(_running.IsCompletedSuccessfully);
        _loop.Run(() => _session.Close(PeerClose.Stopping));
        Assert.Equal(PeerClose.Lost, _swarm.Reason);
        End();
        Start();
        _loop.Run(() => _peer.Break());
        Assert.Equal(PeerClose.Lost, _swarm.Reason);
        Assert.Null(_swarm.Fault);
    }

    [Fact]
    public void Data_removed_from_the_disk_is_reported()
    {
        Start(isSeed: true);
        _swarm.Storage.IsGone = true;
        _loop.Run(() => _session.SendChoke(false));
        Send(Numbers(MessageId.Request, 0, 0, 16384));
        _loop.RunUntil(() => _swarm.Events.Contains("cut short 0"));
        Assert.Null(_swarm.Reason);
    }

    /// <summary>Questions about the disk's state must not depend on the peer's requests.</summary>
    [Fact]
    public void A_fault_while_reading_data_for_a_peer_ends_its_connection_and_not_the_torrent()
    {
        Start(isSeed: true);
        _swarm.Storage.Dispose();
        _loop.Run(() => _session.SendChoke(false));
        Send(Numbers(MessageId.Request, 0, 0, 16384));
        _loop.RunUntil(() => _swarm.Reason is not null);
        Assert.Equal(PeerClose.Faulted, _swarm.Reason);
        Assert.IsType<ObjectDisposedException>(_swarm.Fault);
        Assert.DoesNotContain(_swarm.Events, text => text.StartsWith("cut short", StringComparison.Ordinal));
    }

    [Fact]
    public void Interest_and_choke_are_sent_only_when_they_change()
    {
        Start();
        Sent();
        _loop.Run(() =>
        {
            _session.SendInterest(true);
            _session.SendInterest(true);
            _session.SendChoke(true);
            _session.SendChoke(false);
            _session.SendChoke(false);
            _session.SendInterest(false);
        });
        Assert.Equal([MessageId.Interested, MessageId.Unchoke, MessageId.NotInterested], Sent().Select(message => message.Id));
        Send([.. Message(MessageId.Choke), .. Message(MessageId.Unchoke), .. Message(MessageId.Unchoke), .. Message(MessageId.NotInterested), .. Message(MessageId.Interested), .. Message(MessageId.Interested)]);
        Assert.Equal(["unchoked", "interested"], _swarm.Events);
    }
}
