using System.Net;
using System.Reflection;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

/// <content>Messages of every kind queued for a peer that reads nothing.</content>
public sealed partial class PeerSessionTests
{
    /// <summary>Queues messages of a kind once more, given a number; null for kinds that are never sent, or only once.</summary>
    private Dictionary<string, Action<int>?> Outgoing => new()
    {
        [nameof(MessageId.Choke)] = _ => { _session.SendChoke(true); _session.SendChoke(false); },
        [nameof(MessageId.Unchoke)] = _ => { _session.SendChoke(false); _session.SendChoke(true); },
        [nameof(MessageId.Interested)] = _ => { _session.SendInterest(true); _session.SendInterest(false); },
        [nameof(MessageId.NotInterested)] = _ => { _session.SendInterest(false); _session.SendInterest(true); },
        [nameof(MessageId.Have)] = i => _session.QueueHave(i % 10),
        [nameof(MessageId.Bitfield)] = null,
        [nameof(MessageId.HaveAll)] = null,
        [nameof(MessageId.HaveNone)] = null,
        [nameof(MessageId.Port)] = null,
        [nameof(MessageId.Suggest)] = null,
        [nameof(MessageId.AllowedFast)] = _ => _peer.Send(Message(MessageId.HaveNone)),
        [nameof(MessageId.Request)] = _ => _session.QueueRequest(new Outstanding(new OpenPiece(0, PieceLength, PieceLength), 0)),
        [nameof(MessageId.Cancel)] = _ =>
        {
            OpenPiece piece = new(0, PieceLength, PieceLength);
            _session.QueueRequest(new Outstanding(piece, 0));
            _session.SendCancel(piece, 0);
        },
        [nameof(MessageId.Piece)] = i => { _session.SendChoke(false); _peer.Send(Numbers(MessageId.Request, (uint)i % 9, 0, 16384)); },
        [nameof(MessageId.Reject)] = i => _peer.Send(Numbers(MessageId.Request, (uint)i % 9, 0, 16384)),
        [nameof(MessageId.Extended)] = _ => _session.TellUploadOnly(),
        [nameof(MessageId.HashRequest)] = _ => _session.RequestHashes(0, s_range),
        [nameof(MessageId.Hashes)] = _ => _peer.Send(HashBytes(MessageId.HashRequest, s_range)),
        [nameof(MessageId.HashReject)] = _ => _peer.Send(HashBytes(MessageId.HashRequest, s_range, root: new byte[32])),
        [nameof(MetadataLink)] = i => _peer.Send(Message(MessageId.Extended, [MetadataMessage.OwnId, .. new MetadataMessage(MetadataMessageType.Request, i % 2 * 1000).ToBytes()])),
        [nameof(PeerExchangeLink)] = i =>
        {
            _swarm.Now += 60; // by the clock it is not silent, which would close it
            _session.Exchange!.Tell([.. Enumerable.Range(i, 50).Select(k => new ExchangedPeer(new IPEndPoint(new IPAddress([198, 51, (byte)(k >> 8), (byte)k]), 6881), default))], i, _swarm.Now);
        },
        [nameof(HolepunchLink)] = _ => _session.Holepunch!.Send(new HolepunchMessage(HolepunchType.Error, _session.EndPoint, HolepunchError.NotConnected)),
        [nameof(DontHaveNotice)] = null,
        [nameof(UploadOnlyNotice)] = null,
    };

    public static TheoryData<string> Kinds() =>
    [
        .. Enum.GetNames<MessageId>(),
        .. typeof(IPeerExtension).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IPeerExtension))).Select(type => type.Name),
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Little_of_any_kind_of_message_is_queued_for_a_peer_that_never_reads(string kind)
    {
        StartV2(exchangesPeers: true, punchesHoles: true);
        Assert.True(Outgoing.TryGetValue(kind, out Action<int>? queue), $"what is sent of {kind} is to be tried here");
        Send(Message(MessageId.Extended, [0, .. "d1:md12:ut_holepunchi3e11:ut_metadatai1e6:ut_pexi2eee"u8]));
        Sent();
        _ours.Sends = false;
        int most = 0;
        for (int i = 0; i < 60_000 && _swarm.Reason is null && queue is not null; i++)
        {
            _loop.Run(() =>
            {
                queue(i);
                most = Math.Max(most, _session.Connection.Output.BytesWaiting);
                _session.Flush();
            });
            most = Math.Max(most, _session.Connection.Output.BytesWaiting);
        }

        Assert.Null(_swarm.Fault);
        Assert.InRange(most, 0, PeerOutput.MaxWaiting);
    }

    [Fact]
    public void A_peer_with_too_much_queued_is_closed_in_a_separate_turn_on_the_loop()
    {
        StartV2();
        _ours.Sends = false;
        _loop.Run(() =>
        {
            _session.SendInterest(true); // hangs
            for (int i = 0; i < 40_000; i++)
                _session.QueueHave(i % 10);
            Assert.False(_session.IsClosed); // the code that queues is not finished
            Assert.InRange(_session.Connection.Output.BytesWaiting, 1, PeerOutput.MaxWaiting);
        });
        Assert.Equal(PeerClose.TimedOut, _swarm.Reason);
        Assert.Null(_swarm.Fault);
    }

    [Fact]
    public void Many_pieces_are_announced_as_the_peer_reads()
    {
        Start(isSeed: true);
        Sent();
        _ours.Sends = false;
        _loop.Run(() =>
        {
            _session.SendInterest(true);
            _session.TellPieces(SwarmData.All(s_sample.Torrent.PieceCount));
            Assert.Equal(0, _session.Connection.Output.BytesWaiting);
        });
        End();
        Start(isSeed: true);
        Sent();
        _loop.Run(() => _session.TellPieces(SwarmData.Set(10, 1, 3, 9)));
        Assert.Equal([1, 3, 9], Sent().Select(message => (int)message.Payload[3]));
    }

    [Fact]
    public void Pieces_withdrawn_meanwhile_are_not_announced()
    {
        Start(isSeed: true);
        Sent();
        _loop.Run(() =>
        {
            _swarm.Picker.Withdraw(3);
            _session.TellPieces(SwarmData.Set(10, 1, 3, 9));
        });
        Assert.Equal([1, 9], Sent().Select(message => (int)message.Payload[3]));
    }
}
