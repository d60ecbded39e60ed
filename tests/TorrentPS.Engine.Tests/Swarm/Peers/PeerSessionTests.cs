using System.Buffers.Binary;
using System.Net;
using System.Text;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

public sealed partial class PeerSessionTests : IDisposable
{
    private const int PieceLength = 32768;

    private static readonly Sample s_sample = Sample.Make(PieceLength, 1, ("data", 10 * PieceLength - 100)); // ten pieces, the last slightly shorter

    private readonly TestLoop _loop = new();
    private SampleSwarm _swarm = null!;
    private MemoryPeerStream _ours = null!;
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

    /// <summary>Lets time pass for the limits, in small steps.</summary>
    private void Pass(double seconds)
    {
        for (double passed = 0; passed < seconds; passed += 0.01)
            _loop.Run(() => _swarm.Time.Advance(TimeSpan.FromSeconds(0.01)));
    }

    private void Start(bool isSeed = false, int readLimit = int.MaxValue, bool extensions = true, long downloadLimit = 0, long uploadLimit = 0, int listenPort = 12345, bool exchangesPeers = false, int dhtPort = 0, bool peerUsesDht = false, bool punchesHoles = false)
    {
        _swarm = new SampleSwarm(s_sample, isSeed, downloadLimit, uploadLimit) { ListenPort = listenPort, ExchangesPeers = exchangesPeers, DhtPort = dhtPort, PunchesHoles = punchesHoles };
        (_ours, _peer) = MemoryPeerStream.Create(readLimit);
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, s_sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes("-qB4520-abcdefghijkl"), peerUsesDht);
        if (!extensions)
            handshake.AsSpan(Handshake.ReservedOffset, 8).Clear();
        _session = new PeerSession(_swarm, new PeerConnection(_ours, Handshake.Read(handshake)!), s_sample.Torrent.PieceCount);
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

    /// <summary>The complete messages received by the peer, as id and payload.</summary>
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

    /// <summary>Requests the next blocks from the peer.</summary>
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
    public void Begins_with_its_extension_handshake_and_its_pieces()
    {
        Start(isSeed: true);
        List<(MessageId Id, byte[] Payload)> sent = Sent();
        Assert.Equal([MessageId.Extended, MessageId.HaveAll], sent.Select(message => message.Id));
        Assert.Equal(0, sent[0].Payload[0]);
        ExtensionHandshake own = ExtensionHandshake.Read(sent[0].Payload.AsSpan(1));
        Assert.StartsWith("TorrentPS ", own.Client, StringComparison.Ordinal);
        Assert.Equal((500L, 12345, IPAddress.Parse("192.0.2.1"), true), (own.RequestQueue, own.Port, own.YourIP, own.IsUploadOnly));
    }

    [Fact]
    public void Without_extensions_and_pieces_it_sends_nothing_first()
    {
        Start(extensions: false);
        Assert.Empty(Sent());
        AssertOpen();
    }

    [Fact]
    public void A_leecher_without_a_listener_announces_no_port()
    {
        Start(listenPort: 0);
        ExtensionHandshake own = ExtensionHandshake.Read(Sent()[0].Payload.AsSpan(1));
        Assert.Equal((null, null), (own.Port, own.IsUploadOnly));
    }

    [Fact]
    public void The_peers_extension_handshake_is_processed()
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
    public void An_extension_handshake_is_limited()
    {
        Start();
        byte[] payload = [0, .. Encoding.ASCII.GetBytes("d1:v" + ExtensionHandshake.MaxLength + ":"), .. new byte[ExtensionHandshake.MaxLength], (byte)'e'];
        Send(Message(MessageId.Extended, payload));
        AssertViolated("wrong length");
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
        Send(Message(MessageId.Bitfield, 0x40, 0)); // again, although it may only be the first message
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
    public void A_message_that_is_too_long_ends_the_connection_before_it_arrives(uint length)
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
        Send([0, 0, 0, 0, .. Message((MessageId)99, 1, 2, 3), .. Message(MessageId.Port, 1, 2, 3), 0, 0, 0, 0, .. Message(MessageId.Interested)]);
        Assert.Equal(["interested"], _swarm.Events);
        AssertOpen();
    }
}
