using System.Buffers.Binary;
using System.Text;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

public sealed class MetadataLinkTests : IDisposable
{
    private const byte PeersId = 9;

    // 1,000 pieces: 20,000 bytes of hashes, so that there are two pieces of metadata.
    private static readonly Sample s_public = Sample.Build(64, 1, null, ("data", 64_000));
    private static readonly Sample s_private = Sample.Build(64, 1, builder => builder.IsPrivate = true, ("data", 64_000));

    private readonly TestLoop _loop = new();
    private SampleSwarm _swarm = null!;
    private MemoryPeerStream _peer = null!;
    private PeerSession _session = null!;

    public void Dispose()
    {
        _loop.Run(() => _session.Close(PeerClose.Stopping));
        _swarm.Dispose();
        _loop.Dispose();
    }

    [Fact]
    public void Is_offered_in_the_handshake()
    {
        ExtensionHandshake own = Start(s_public);
        Assert.Equal(MetadataMessage.OwnId, own.Extensions[MetadataMessage.ExtensionName]);
        Assert.Equal(s_public.Torrent.InfoBytes.Length, own.MetadataSize);
    }

    [Fact]
    public void Each_piece_has_the_size_of_the_whole()
    {
        Start(s_public);
        List<(MetadataMessage Message, byte[] Data)> answers = Ask(0, 1);
        Assert.Equal([0, 1], answers.Select(answer => answer.Message.Piece));
        Assert.All(answers, answer => Assert.Equal((MetadataMessageType.Data, (int?)s_public.Torrent.InfoBytes.Length), (answer.Message.Type, answer.Message.TotalSize)));
        Assert.Equal(s_public.Torrent.InfoBytes.ToArray(), answers.SelectMany(answer => answer.Data));
        AssertOpen();
    }

    [Fact]
    public void A_request_for_a_piece_that_does_not_exist_is_rejected()
    {
        Start(s_public);
        Assert.Equal(new MetadataMessage(MetadataMessageType.Reject, 2), Assert.Single(Ask(2)).Message);
        AssertOpen();
    }

    [Fact]
    public void A_private_torrents_metadata_is_neither_offered_nor_served()
    {
        Assert.Null(Start(s_private).MetadataSize);
        Assert.Equal(new MetadataMessage(MetadataMessageType.Reject, 0), Assert.Single(Ask(0)).Message);
    }

    [Fact]
    public void After_several_copies_a_peer_gets_no_more_and_a_flood_ends_the_connection()
    {
        Start(s_public);
        int served = 0, rejected = 0;
        for (int i = 0; i < 1100 && _swarm.Reason is null; i++)
        {
            foreach ((MetadataMessage message, _) in Ask(i % 2))
                _ = message.Type == MetadataMessageType.Data ? served++ : rejected++;
        }

        Assert.Equal((4 * 2) + 16, served);
        Assert.Equal(1000, rejected);
        Assert.Equal(PeerClose.Violation, _swarm.Reason);
        Assert.Contains(_swarm.Events, text => text.Contains("flood of requests for metadata", StringComparison.Ordinal));
    }

    [Fact]
    public void An_unreadable_message_ends_the_connection()
    {
        Start(s_public);
        Send([MetadataMessage.OwnId, .. "d8:msg_typei0ee"u8]);
        Assert.Equal(PeerClose.Violation, _swarm.Reason);
    }

    [Theory]
    [InlineData("d8:msg_typei1e5:piecei0e10:total_sizei5eehello")] // a request from before the metadata arrived
    [InlineData("d8:msg_typei2e5:piecei0ee")]
    [InlineData("d8:msg_typei9e5:piecei0ee")] // BEP 9: unknown kinds are ignored
    public void Other_messages_are_ignored(string message)
    {
        Start(s_public);
        Send([MetadataMessage.OwnId, .. Encoding.ASCII.GetBytes(message)]);
        Assert.Equal(0, _peer.Waiting);
        AssertOpen();
    }

    [Fact]
    public void A_peer_that_does_not_read_gets_no_answers()
    {
        Start(s_public, names: false);
        Assert.Empty(Ask(0));
        AssertOpen();
    }

    private ExtensionHandshake Start(Sample sample, bool names = true)
    {
        _swarm = new SampleSwarm(sample, isSeed: false);
        (MemoryPeerStream ours, _peer) = MemoryPeerStream.Create();
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, sample.Torrent.InfoHash.Wire, Encoding.ASCII.GetBytes("-qB4520-abcdefghijkl"));
        _session = new PeerSession(_swarm, new PeerConnection(ours, Handshake.Read(handshake)!), sample.Torrent.PieceCount);
        _loop.Run(() => _ = _session.RunAsync());
        var own = ExtensionHandshake.Read(_peer.TakeArrived().AsSpan(6));
        Send([0, .. names ? new ExtensionHandshake { Extensions = new Dictionary<string, byte> { [MetadataMessage.ExtensionName] = PeersId } }.ToBytes() : "de"u8.ToArray()]);
        return own;
    }

    private void AssertOpen()
    {
        Assert.Null(_swarm.Fault);
        Assert.Null(_swarm.Reason);
    }

    private List<(MetadataMessage Message, byte[] Data)> Ask(params int[] pieces)
    {
        foreach (int piece in pieces)
            Send([MetadataMessage.OwnId, .. new MetadataMessage(MetadataMessageType.Request, piece).ToBytes()]);
        List<(MetadataMessage, byte[])> answers = [];
        byte[] bytes = _peer.TakeArrived();
        for (int position = 0; position < bytes.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(position));
            Assert.Equal([(byte)MessageId.Extended, PeersId], bytes[(position + 4)..(position + 6)]);
            MetadataMessage message = MetadataMessage.Read(bytes.AsSpan(position + 6, length - 2), out ReadOnlySpan<byte> data);
            answers.Add((message, data.ToArray()));
            position += 4 + length;
        }

        return answers;
    }

    private void Send(ReadOnlySpan<byte> payload)
    {
        byte[] message = new byte[5 + payload.Length];
        PeerMessage.WriteHeader(message, MessageId.Extended, payload.Length);
        payload.CopyTo(message.AsSpan(5));
        _loop.Run(() => _peer.Send(message));
    }
}
