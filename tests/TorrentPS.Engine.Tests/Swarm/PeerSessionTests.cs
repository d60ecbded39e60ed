using System.Buffers.Binary;
using System.Net;
using System.Text;
using FsCheck.Xunit;
using TorrentPS.Engine.Swarm;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

public sealed class PeerSessionTests : IDisposable
{
    private const int PieceLength = 32768;

    private static readonly Sample s_sample = Sample.Make(PieceLength, 1, ("data", 10 * PieceLength - 100)); // ten pieces, the last a little shorter

    private readonly TestLoop _loop = new();
    private FakeSwarm _swarm = null!;
    private MemoryPeerStream _peer = null!;
    private PeerSession _session = null!;
    private Task _running = Task.CompletedTask;

    public void Dispose()
    {
        End();
        _loop.Dispose();
    }

    private void End()
    {
        _loop.Run(() => _session?.Close(PeerClose.Stopping));
        _swarm?.Dispose();
    }

    /// <summary>Lets time pass for the limits, a little at a time.</summary>
    private void Pass(double seconds)
    {
        for (double passed = 0; passed < seconds; passed += 0.01)
            _loop.Run(() => _swarm.Time.Advance(TimeSpan.FromSeconds(0.01)));
    }

    private void Start(bool isSeed = false, int readLimit = int.MaxValue, bool extensions = true, long downloadLimit = 0, long uploadLimit = 0, int listenPort = 12345)
    {
        _swarm = new FakeSwarm(s_sample, isSeed, downloadLimit, uploadLimit) { ListenPort = listenPort };
        (MemoryPeerStream ours, _peer) = MemoryPeerStream.Create(readLimit);
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, s_sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes("-qB4520-abcdefghijkl"));
        if (!extensions)
            handshake.AsSpan(Handshake.ReservedOffset, 8).Clear();
        _session = new PeerSession(_swarm, ours, Handshake.Read(handshake)!, s_sample.Torrent.PieceCount);
        _loop.Run(() => _running = _session.RunAsync());
    }

    private void Send(params ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        _loop.Run(() => _peer.Send(copy));
    }

    private static byte[] Message(MessageId id, params ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[5 + payload.Length];
        PeerMessage.WriteHeader(bytes, id, payload.Length);
        payload.CopyTo(bytes.AsSpan(5));
        return bytes;
    }

    private static byte[] Numbers(MessageId id, params ReadOnlySpan<uint> numbers)
    {
        byte[] payload = new byte[4 * numbers.Length];
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(4 * i), numbers[i]);
        return Message(id, payload);
    }

    private static byte[] Piece(int piece, int begin, int length) =>
        [.. PieceHeader((uint)piece, (uint)begin, length), .. s_sample.Piece(piece).Slice(begin, length).Span];

    private static byte[] PieceHeader(uint piece, uint begin, int length) => Numbers(MessageId.Piece, piece, begin) is var bytes && Patch(bytes, 9 + length) ? bytes : bytes;

    private static bool Patch(byte[] message, int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(message, length);
        return true;
    }

    /// <summary>The whole messages that the peer has got, as id and payload.</summary>
    private List<(MessageId Id, byte[] Payload)> Sent()
    {
        byte[] bytes = _peer.TakeArrived();
        List<(MessageId, byte[])> messages = [];
        for (int position = 0; position < bytes.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(position));
            if (length > 0)
                messages.Add(((MessageId)bytes[position + 4], bytes[(position + 5)..(position + 4 + length)]));
            position += 4 + length;
        }

        return messages;
    }

    private void AssertViolated(string part)
    {
        Assert.Equal(PeerClose.Violation, _swarm.Reason);
        Assert.Contains(_swarm.Events, text => text.StartsWith("violated", StringComparison.Ordinal) && text.Contains(part, StringComparison.Ordinal));
        Assert.True(_running.IsCompletedSuccessfully);
    }

    private void AssertOpen()
    {
        Assert.Null(_swarm.Fault);
        Assert.Null(_swarm.Reason);
        Assert.False(_running.IsCompleted);
    }

    /// <summary>Asks the peer for its next blocks.</summary>
    private List<Outstanding> Ask(int count)
    {
        List<Outstanding> asked = [];
        _loop.Run(() =>
        {
            for (int i = 0; i < count; i++)
            {
                Assert.True(_swarm.Picker.TryPick(_session.State, out Outstanding picked));
                _session.QueueRequest(picked);
                asked.Add(picked);
            }

            _session.Flush();
        });
        return asked;
    }

    private void BecomeSeedAndUnchoke() => Send([.. Message(MessageId.Bitfield, 0xFF, 0xC0), .. Message(MessageId.Unchoke)]);

    [Fact]
    public void Begins_with_its_extension_handshake_and_what_it_has()
    {
        Start(isSeed: true);
        List<(MessageId Id, byte[] Payload)> sent = Sent();
        Assert.Equal([MessageId.Extended, MessageId.Bitfield], sent.Select(message => message.Id));
        Assert.Equal(0, sent[0].Payload[0]);
        ExtensionHandshake own = ExtensionHandshake.Read(sent[0].Payload.AsSpan(1));
        Assert.StartsWith("TorrentPS ", own.Client, StringComparison.Ordinal);
        Assert.Equal((500L, 12345, IPAddress.Parse("192.0.2.1"), true), (own.RequestQueue, own.Port, own.YourIP, own.IsUploadOnly));
        Assert.Equal([0xFF, 0xC0], sent[1].Payload);
    }

    [Fact]
    public void Without_extensions_and_pieces_it_begins_with_nothing()
    {
        Start(extensions: false);
        Assert.Empty(Sent());
        AssertOpen();
    }

    [Fact]
    public void A_leecher_that_listens_nowhere_names_no_port()
    {
        Start(listenPort: 0);
        ExtensionHandshake own = ExtensionHandshake.Read(Assert.Single(Sent()).Payload.AsSpan(1));
        Assert.Equal((null, false), (own.Port, own.IsUploadOnly));
    }

    [Fact]
    public void The_peers_extension_handshake_is_heard()
    {
        Start();
        Assert.Equal("qBittorrent 4.5.2", _session.Client);
        Send(Message(MessageId.Extended, [0, .. "d1:pi7e4:reqqi5e1:v6:Robot\u0007e"u8]));
        Assert.Equal("Robot", _session.Client);
        Assert.Equal((5L, 7), (_swarm.Extensions!.RequestQueue, _swarm.Extensions.Port));
        Assert.Equal(5, _session.State.Window.Size);
        AssertOpen();
        Send(Message(MessageId.Extended, [3, .. "whatever"u8])); // an extension that we never announced
        AssertOpen();
    }

    [Theory]
    [InlineData("i1e")]
    [InlineData("")]
    [InlineData("d1:v")]
    public void A_broken_extension_handshake_is_a_violation(string payload)
    {
        Start();
        Send(Message(MessageId.Extended, [0, .. Encoding.ASCII.GetBytes(payload)]));
        AssertViolated("extension handshake");
    }

    [Fact]
    public void An_extension_handshake_is_bounded()
    {
        Start();
        byte[] payload = [0, .. Encoding.ASCII.GetBytes("d1:v" + ExtensionHandshake.MaxLength + ":"), .. new byte[ExtensionHandshake.MaxLength], (byte)'e'];
        Send(Message(MessageId.Extended, payload));
        AssertViolated("extension handshake");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(0)]
    public void A_bitfield_of_another_length_is_a_violation(int length)
    {
        Start();
        Send(Message(MessageId.Bitfield, new byte[length]));
        AssertViolated("bitfield");
    }

    [Fact]
    public void A_bitfield_with_spare_bits_is_a_violation()
    {
        Start();
        Send(Message(MessageId.Bitfield, 0xFF, 0xC1));
        AssertViolated("bitfield");
    }

    [Fact]
    public void Bitfield_and_have_are_counted()
    {
        Start();
        Send([.. Message(MessageId.Bitfield, 0x80, 0x40), .. Numbers(MessageId.Have, 1), .. Numbers(MessageId.Have, 1)]);
        Assert.Equal(["pieces 2", "pieces 3"], _swarm.Events);
        Assert.Equal(3, _session.State.Interesting);
        Assert.Equal([1, 1, 0, 1], new[] { 0, 1, 2, 9 }.Select(_swarm.Picker.Availability));
        Send(Message(MessageId.Bitfield, 0x40, 0)); // again, although it should be the first message only
        Assert.Equal([0, 1, 0, 0], new[] { 0, 1, 2, 9 }.Select(_swarm.Picker.Availability));
    }

    [Theory]
    [InlineData(10u)]
    [InlineData(uint.MaxValue)]
    public void A_have_beyond_the_torrent_is_a_violation(uint piece)
    {
        Start();
        Send(Numbers(MessageId.Have, piece));
        AssertViolated("have");
    }

    [Theory]
    [InlineData(10, 0, 1)]
    [InlineData(0, 0, PieceLength + 1)]
    [InlineData(0, PieceLength, 1)]
    [InlineData(9, PieceLength - 200, 101)]
    [InlineData(0, int.MaxValue, int.MaxValue)]
    [InlineData(int.MaxValue, 0, 16384)]
    public void A_request_beyond_the_data_is_a_violation(int piece, int begin, int length)
    {
        Start(isSeed: true);
        _loop.Run(() => _session.SendChoke(false));
        Send(Numbers(MessageId.Request, (uint)piece, (uint)begin, (uint)length));
        AssertViolated("request");
    }

    [Theory]
    [InlineData("0000000206")]
    [InlineData("0000000406000000")]
    [InlineData("00000002000000000000")]
    [InlineData("0000000204000000")]
    [InlineData("0000000D06000000000000000000000000")] // no length
    [InlineData("000000080700000000000000")]
    [InlineData("0000000114")]
    public void Messages_of_a_wrong_length_are_violations(string bytes)
    {
        Start();
        Send([.. Convert.FromHexString(bytes), .. new byte[16]]);
        AssertViolated("wrong length");
    }

    [Theory]
    [InlineData(PeerMessage.MaxLength + 1u)]
    [InlineData(0x80000000u)]
    [InlineData(uint.MaxValue)]
    public void A_message_that_is_too_long_ends_it_before_it_comes(uint length)
    {
        Start();
        byte[] prefix = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(prefix, length);
        Send(prefix);
        AssertViolated("message of");
    }

    [Fact]
    public void The_longest_message_is_read()
    {
        Start();
        byte[] message = Message((MessageId)77, new byte[PeerMessage.MaxLength - 1]);
        Send([.. message, .. Message(MessageId.Unchoke)]);
        Assert.Equal(["unchoked"], _swarm.Events);
    }

    [Fact]
    public void Unknown_messages_and_keep_alives_are_skipped()
    {
        Start();
        Send([0, 0, 0, 0, .. Message((MessageId)99, 1, 2, 3), .. Message(MessageId.Port, 1, 2), .. Message(MessageId.HaveNone), .. Numbers(MessageId.Suggest, 999), 0, 0, 0, 0, .. Message(MessageId.Interested)]);
        Assert.Equal(["interested"], _swarm.Events);
        AssertOpen();
    }

    [Fact]
    public void A_block_lands_in_its_place()
    {
        Start();
        BecomeSeedAndUnchoke();
        Sent();
        List<Outstanding> asked = Ask(3);
        Assert.Equal([(0, 0), (0, 16384), (1, 0)], Sent().Select(message => (BinaryPrimitives.ReadInt32BigEndian(message.Payload), BinaryPrimitives.ReadInt32BigEndian(message.Payload.AsSpan(4)))));
        _swarm.Now = 5;
        Send([.. Piece(0, 0, 16384), .. Piece(1, 0, 16384), .. Piece(0, 16384, 16384)]);
        Assert.Equal([asked[0], asked[2], asked[1]], _swarm.Blocks);
        Assert.Equal(s_sample.Piece(0).ToArray(), asked[0].Piece.TakeFullSegment()![..PieceLength]);
        Assert.Equal((0, 5.0, 0L), (_session.State.Outstanding.Count, _session.State.LastBlockAt, _swarm.WastedBytes));
        Assert.Equal(3 * 16384, _session.State.DownloadRate.Total);
    }

    [Theory]
    [InlineData(0, 0, 16383)]
    [InlineData(0, 0, 0)]
    [InlineData(9, 16384, 16384)] // the last block is shorter
    public void A_block_of_another_length_is_a_violation(int piece, int begin, int length)
    {
        Start();
        BecomeSeedAndUnchoke();
        Ask(20);
        Send([.. PieceHeader((uint)piece, (uint)begin, length), .. new byte[length]]);
        AssertViolated("length");
    }

    [Fact]
    public void Blocks_that_nobody_asked_for_are_borne_for_a_while()
    {
        Start();
        BecomeSeedAndUnchoke();
        for (int i = 0; i < 64; i++)
            Send(Piece(5, 0, 16384));
        AssertOpen();
        Assert.Equal(64 * 16384, _swarm.WastedBytes);
        Assert.Empty(_swarm.Blocks);
        Send(Piece(5, 0, 16384));
        AssertViolated("nobody asked");
    }

    [Theory]
    [InlineData(0u, 1u)]
    [InlineData(uint.MaxValue, 0u)]
    [InlineData(0u, 0xFFFFC000u)]
    public void A_block_from_nowhere_is_wasted(uint piece, uint begin)
    {
        Start();
        BecomeSeedAndUnchoke();
        Ask(1);
        Send([.. PieceHeader(piece, begin, 16384), .. new byte[16384]]);
        AssertOpen();
        Assert.Equal(16384, _swarm.WastedBytes);
        Assert.Equal(1, _session.State.Outstanding.Count);
    }

    [Fact]
    public void What_was_under_way_when_it_choked_is_no_offence()
    {
        Start();
        BecomeSeedAndUnchoke();
        for (int round = 0; round < 10; round++)
        {
            List<Outstanding> asked = Ask(16);
            Send(Message(MessageId.Choke));
            Assert.Equal("choked", _swarm.Events[^1]);
            _loop.Run(() =>
            {
                foreach (Outstanding item in asked)
                    _swarm.Picker.Release(_session.State, item);
                _session.State.Outstanding.Clear();
            });
            foreach (Outstanding item in asked)
                Send(Piece(item.Piece.Index, item.Block * 16384, item.Piece.LengthOf(item.Block)));
            Send(Message(MessageId.Unchoke));
        }

        AssertOpen();
    }

    [Fact]
    public void A_cancelled_block_may_still_come()
    {
        Start();
        BecomeSeedAndUnchoke();
        for (int round = 0; round < 100; round++)
        {
            Outstanding item = Ask(1)[0];
            Sent();
            _loop.Run(() => _session.SendCancel(item.Piece, item.Block));
            (MessageId id, byte[] payload) = Assert.Single(Sent());
            Assert.Equal(MessageId.Cancel, id);
            Assert.True(PeerMessage.TryReadBlock(payload, out BlockRequest block) && block == item.Piece.Request(item.Block));
            _loop.Run(() => _swarm.Picker.Release(_session.State, item));
            Send(Piece(item.Piece.Index, item.Block * 16384, 16384));
        }

        AssertOpen();
        Assert.Equal(0, _session.State.Outstanding.Count);
    }

    [Fact]
    public void A_block_that_came_from_another_meanwhile_is_wasted()
    {
        Start();
        BecomeSeedAndUnchoke();
        Outstanding item = Ask(1)[0];
        _loop.Run(() =>
        {
            PeerState other = SwarmData.Seed(10);
            item.Piece.AddRequester(0, other);
            item.Piece.Receive(0, other);
        });
        Send(Piece(0, 0, 16384));
        Assert.Equal(16384, _swarm.WastedBytes);
        Assert.Empty(_swarm.Blocks);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(16383)]
    public void Messages_may_be_split_anywhere(int readLimit)
    {
        Start(readLimit: readLimit);
        BecomeSeedAndUnchoke();
        Ask(4);
        Send([.. Piece(0, 0, 16384), 0, 0, 0, 0, .. Message((MessageId)99, 1, 2), .. Piece(0, 16384, 16384), .. Piece(1, 0, 16384), .. Message(MessageId.Interested), .. Piece(1, 16384, 16384)]);
        Assert.Equal(4, _swarm.Blocks.Count);
        Assert.Equal(s_sample.Piece(0).ToArray(), _swarm.Blocks[0].Piece.TakeFullSegment()![..PieceLength]);
        Assert.Equal(s_sample.Piece(1).ToArray(), _swarm.Blocks[3].Piece.TakeFullSegment()![..PieceLength]);
        Assert.Equal("interested", _swarm.Events[^1]);
        AssertOpen();
    }

    [Property(MaxTest = 60)]
    public void Hostile_bytes_end_the_session_or_do_nothing(byte[] bytes, byte id)
    {
        using PeerSessionTests test = new();
        test.Start(isSeed: true);
        test._loop.Run(() => test._session.SendChoke(false));
        test.Send([.. Message((MessageId)(id % 24), bytes), .. bytes]);
        Assert.Null(test._swarm.Fault);
        Assert.True(test._swarm.Reason is null or PeerClose.Violation);
    }

    [Fact]
    public void Uploads_what_is_asked_for()
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
    public void A_choked_peer_gets_nothing_and_what_we_have_not_is_not_sent()
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
    public void Cancel_and_choke_and_loss_of_interest_take_requests_back()
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
    public void A_flood_of_requests_is_bounded_and_then_ended()
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

    /// <summary>What we ask of a peer must not wait for what we may send it.</summary>
    [Fact]
    public void A_limit_on_uploads_does_not_hold_up_other_messages()
    {
        Start(isSeed: true, uploadLimit: 100);
        _loop.Run(() => _session.SendChoke(false));
        for (uint i = 0; i < 8; i++)
            Send(Numbers(MessageId.Request, i, 0, 16384));
        Pass(1);
        _loop.RunUntil(() => _swarm.UploadedBytes > 0);
        Assert.True(_session.RequestsWaiting > 0);
        Sent();
        _loop.Run(() => _session.SendHave(4));
        Assert.Equal([MessageId.Have], Sent().Select(message => message.Id));
    }

    [Fact]
    public void A_limit_on_uploads_is_kept()
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
    public void A_limit_on_downloads_is_kept_and_is_no_fault_of_the_peer()
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
        _swarm.Now = 1000; // the peer is not silent: we do not listen
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
    public void The_end_of_the_connection_is_told_once()
    {
        Start();
        _loop.Run(_peer.Dispose);
        Assert.Equal(PeerClose.Lost, _swarm.Reason);
        Assert.True(_running.IsCompletedSuccessfully);
        _loop.Run(() => _session.Close(PeerClose.Stopping));
        Assert.Equal(PeerClose.Lost, _swarm.Reason);
        End();
        Start();
        _loop.Run(_peer.Break);
        Assert.Equal(PeerClose.Lost, _swarm.Reason);
        Assert.Null(_swarm.Fault);
    }

    [Fact]
    public void Data_that_is_gone_from_the_disk_is_told()
    {
        Start(isSeed: true);
        File.Delete(_swarm.Store.DataPath);
        _swarm.Store.Dispose();
        _loop.Run(() => _session.SendChoke(false));
        Send(Numbers(MessageId.Request, 0, 0, 16384));
        _loop.RunUntil(() => _swarm.Reason is not null);
        Assert.Contains(_swarm.Events, text => text.StartsWith("storage failed", StringComparison.Ordinal));
    }

    [Fact]
    public void Interest_and_choke_are_said_only_when_they_change()
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
