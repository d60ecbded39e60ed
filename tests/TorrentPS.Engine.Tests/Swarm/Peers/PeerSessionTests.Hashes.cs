using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

/// <content>Hash request, hashes and hash reject messages (BEP 52) of hostile peers.</content>
public sealed partial class PeerSessionTests
{
    private static readonly Sample s_v2 = Sample.BuildV2(TorrentVersion.V2, PieceLength, 1, ("data", 10 * PieceLength - 100)); // a tree of height 5, with pieces at height 1
    private static readonly HashRange s_range = new(1, 0, 8, 3);

    private void StartV2(bool isV2 = true, bool exchangesPeers = false, bool punchesHoles = false)
    {
        _swarm = new SampleSwarm(s_v2, isSeed: true) { ExchangesPeers = exchangesPeers, PunchesHoles = punchesHoles };
        (_ours, _peer) = MemoryPeerStream.Create(int.MaxValue);
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, s_v2.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes("-qB4520-abcdefghijkl"), supportsV2: isV2);
        _session = new PeerSession(_swarm, new PeerConnection(_ours, Handshake.Read(handshake)!, isV2), s_v2.Torrent.PieceCount);
        _loop.Run(() => _running = _session.RunAsync());
        Sent();
    }

    private static byte[] HashBytes(MessageId id, HashRange range, int hashes = 0, byte[]? root = null)
    {
        byte[] bytes = new byte[HashMessage.Length + hashes];
        HashMessage.Write(bytes, id, root ?? s_v2.Torrent.PieceRoots![0].Span, range, hashes);
        return bytes;
    }

    [Fact]
    public void Requested_hashes_are_passed_on_once_and_so_is_a_rejection()
    {
        StartV2();
        _loop.Run(() => _session.RequestHashes(0, s_range));
        Assert.Equal(MessageId.HashRequest, Assert.Single(Sent()).Id);
        Send(HashBytes(MessageId.Hashes, s_range, s_range.HashesLength));
        Send(HashBytes(MessageId.Hashes, s_range, s_range.HashesLength));
        Assert.Equal(s_range, Assert.Single(_swarm.Hashes).Range);
        _loop.Run(() => _session.RequestHashes(0, s_range));
        Send(HashBytes(MessageId.HashReject, s_range));
        Assert.Contains("hashes rejected 0", _swarm.Events);
        Assert.Empty(_session.Hashes.Asked);
        AssertOpen();
    }

    [Theory]
    [InlineData(nameof(MessageId.Hashes), 0)]
    [InlineData(nameof(MessageId.Hashes), 32)]
    [InlineData(nameof(MessageId.Hashes), 100_000)]
    [InlineData(nameof(MessageId.HashReject), 32)]
    [InlineData(nameof(MessageId.HashRequest), 1)]
    public void An_answer_of_a_wrong_length_ends_the_connection(string name, int hashes)
    {
        MessageId id = Enum.Parse<MessageId>(name);
        StartV2();
        _loop.Run(() => _session.RequestHashes(0, s_range));
        Send(HashBytes(id, s_range, hashes));
        AssertViolated("wrong length");
        Assert.Empty(_swarm.Hashes);
    }

    [Theory]
    [InlineData(nameof(MessageId.HashRequest))]
    [InlineData(nameof(MessageId.Hashes))]
    [InlineData(nameof(MessageId.HashReject))]
    public void A_truncated_hash_message_ends_the_connection(string name)
    {
        MessageId id = Enum.Parse<MessageId>(name);
        StartV2();
        Send(Message(id, new byte[HashMessage.HeaderLength - 1]));
        AssertViolated("wrong length");
    }

    [Theory]
    [InlineData(nameof(MessageId.Hashes))]
    [InlineData(nameof(MessageId.HashReject))]
    public void Unrequested_hashes_end_the_connection_after_some(string name)
    {
        MessageId id = Enum.Parse<MessageId>(name);
        StartV2();
        int sent = 0;
        for (; sent < 1000 && _swarm.Reason is null; sent++)
            Send(HashBytes(id, s_range, id == MessageId.Hashes ? s_range.HashesLength : 0));
        AssertViolated("unrequested hashes");
        Assert.Equal(65, sent); // answers that crossed a cancelled request do no harm
        Assert.Empty(_swarm.Hashes);
    }

    public static TheoryData<int, int, int, int> Impossible { get; } = new()
    {
        { -1, 0, 8, 0 }, { 6, 0, 1, 0 }, { int.MaxValue, 0, 8, 3 }, { int.MinValue, 0, 8, 3 }, // no such layer
        { 1, -8, 8, 3 }, { 1, 4, 8, 3 }, { 1, 16, 8, 3 }, { 1, int.MaxValue, 8, 3 }, // not aligned
        { 1, 0, 0, 3 }, { 1, 0, -8, 3 }, { 1, 0, 3, 3 }, { 1, 0, 32, 3 }, { 1, 0, int.MaxValue, 3 }, { 1, 0, int.MinValue, 3 }, // no such range
        { 1, 0, 8, -1 }, { 1, 0, 8, 4 }, { 1, 0, 8, int.MaxValue }, { 1, 0, 8, int.MaxValue - 1 }, { 0, 0, 2, int.MaxValue }, // beyond the root
        { 0, 0, 4, 0 }, { 2, 0, 4, 0 }, // leaves of several pieces; a layer in between
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void A_request_for_hashes_that_cannot_exist_is_rejected(int baseLayer, int index, int length, int proofs)
    {
        StartV2();
        Send(HashBytes(MessageId.HashRequest, new HashRange(baseLayer, index, length, proofs)));
        Assert.Equal(MessageId.HashReject, Assert.Single(Sent()).Id);
        AssertOpen();
    }

    [Fact]
    public void Hashes_of_another_torrent_are_rejected_and_a_flood_of_such_requests_ends_the_connection()
    {
        StartV2();
        Send(HashBytes(MessageId.HashRequest, s_range, root: new byte[32]));
        Assert.Equal(MessageId.HashReject, Assert.Single(Sent()).Id);
        for (int i = 0; i < 2000 && _swarm.Reason is null; i++)
            Send(HashBytes(MessageId.HashRequest, s_range, root: new byte[32]));
        AssertViolated("flood");
    }

    [Fact]
    public void Sent_hashes_are_correct_and_limited()
    {
        StartV2();
        long bytes = 0;
        for (int i = 0; i < 20_000 && _swarm.Reason is null; i++)
        {
            Send(HashBytes(MessageId.HashRequest, s_range));
            foreach ((MessageId id, byte[] payload) in Sent().Where(message => message.Id == MessageId.Hashes))
            {
                byte[] hashes = payload[HashMessage.HeaderLength..];
                bytes += hashes.Length;
                if (i == 0)
                    Assert.True(HashProofs.Leads(hashes, 8, 0, 1, s_v2.Torrent.PieceRoots![0].Span));
            }
        }

        AssertViolated("flood");
        Assert.InRange(bytes, 1, 2 << 20);
    }

    [Fact]
    public void A_peer_without_version_2_gets_no_answer()
    {
        StartV2(isV2: false);
        Send(HashBytes(MessageId.HashRequest, s_range));
        Assert.Empty(Sent());
        AssertOpen();
    }
}
