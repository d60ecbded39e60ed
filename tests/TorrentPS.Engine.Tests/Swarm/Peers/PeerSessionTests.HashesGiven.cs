using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Peers;

/// <content>The cost of requested hashes, and the acceptance of all hashes that we request.</content>
public sealed partial class PeerSessionTests
{
    private static readonly Lazy<Torrent> s_many = new(() => ZeroTorrent.Make(16384, ("data", 1024 * 16384)));

    /// <summary>Connects a peer to a version 2 torrent; the test controls time and messages at both ends.</summary>
    private (PeerSession Session, MemoryPeerStream Ours, MemoryPeerStream Peer) Connect(SampleSwarm swarm, int readLimit = int.MaxValue)
    {
        (MemoryPeerStream ours, MemoryPeerStream peer) = MemoryPeerStream.Create(readLimit);
        PeerSession session = Join(swarm, ours);
        return (session, ours, peer);
    }

    private PeerSession Join(SampleSwarm swarm, MemoryPeerStream stream)
    {
        Torrent torrent = swarm.Torrent;
        byte[] handshake = new byte[Handshake.Length];
        Handshake.Write(handshake, torrent.InfoHash.Wire, Encoding.ASCII.GetBytes("-qB4520-abcdefghijkl"), supportsV2: true);
        PeerSession session = new(swarm, new PeerConnection(stream, Handshake.Read(handshake)!, isV2: true), torrent.PieceCount);
        _loop.Run(() => _ = session.RunAsync());
        return session;
    }

    private static byte[] RequestOf(Torrent torrent, HashRange range)
    {
        byte[] bytes = new byte[HashMessage.Length];
        HashMessage.Write(bytes, MessageId.HashRequest, torrent.PieceRoots![0].Span, range);
        return bytes;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Requested_answers_that_are_not_read_delay_no_other_peer(bool areLeaves)
    {
        Torrent torrent = areLeaves ? ZeroTorrent.Make(16 << 20, ("data", 32 << 20)) : s_many.Value;
        using SampleSwarm swarm = new(torrent, isSeed: true, uploadLimit: 20_000);
        (PeerSession bad, MemoryPeerStream ours, MemoryPeerStream peer) = Connect(swarm);
        ours.Sends = false;
        byte[] request = RequestOf(torrent, new HashRange(0, 0, 1024, 0));
        for (int i = 0; i < 130; i++)
            _loop.Run(() => peer.Send(request));
        _loop.Run(() => bad.Close(PeerClose.Lost));
        swarm.Reason = null;

        (PeerSession good, _, MemoryPeerStream asking) = Connect(swarm);
        _loop.Run(() =>
        {
            good.SendChoke(false);
            asking.Send(Numbers(MessageId.Request, 0, 0, 16384));
        });
        for (int i = 0; i < 400; i++) // 4 s: two answers may have been in transit
            _loop.Run(() => swarm.Time.Advance(TimeSpan.FromSeconds(0.01)));
        _loop.RunUntil(() => swarm.UploadedBytes == 16384);
        _loop.Run(() => good.Close(PeerClose.Stopping));
    }

    [Fact]
    public void Answers_pass_the_upload_limit_as_blocks_do()
    {
        using SampleSwarm swarm = new(s_many.Value, isSeed: true, uploadLimit: 20_000);
        (PeerSession session, _, MemoryPeerStream peer) = Connect(swarm);
        peer.TakeArrived();
        byte[] request = RequestOf(s_many.Value, new HashRange(0, 0, 1024, 0));
        for (int i = 0; i < 20; i++)
            _loop.Run(() => peer.Send(request));
        int arrived = peer.TakeArrived().Length;
        for (int second = 1; second <= 20; second++)
        {
            for (int i = 0; i < 100; i++)
                _loop.Run(() => swarm.Time.Advance(TimeSpan.FromSeconds(0.01)));
            arrived += peer.TakeArrived().Length;
            Assert.InRange(arrived, 20_000 * second - 40_000, 20_000 * second + 40_000);
        }

        _loop.Run(() => session.Close(PeerClose.Stopping));
    }

    [Fact]
    public void Repeated_hash_requests_after_reconnecting_count_for_one_address()
    {
        using SampleSwarm swarm = new(s_many.Value, isSeed: true);
        byte[] request = RequestOf(s_many.Value, new HashRange(0, 0, 1024, 0));
        long bytes = 0;
        for (int connection = 0; connection < 10; connection++)
        {
            (PeerSession session, _, MemoryPeerStream peer) = Connect(swarm);
            for (int i = 0; i < 60; i++)
                _loop.Run(() => peer.Send(request));
            bytes += peer.TakeArrived().Length;
            _loop.Run(() => session.Close(PeerClose.Lost));
            swarm.Reason = null;
        }

        Assert.InRange(bytes, 1 << 20, swarm.HashSupply!.MostBytes + (1 << 16)); // and rejects
    }

    public static TheoryData<int> PieceLengths()
    {
        TheoryData<int> lengths = [];
        for (int length = TorrentBuilder.LeastPieceLength; length <= TorrentBuilder.GreatestPieceLength; length *= 2)
            lengths.Add(length);
        return lengths;
    }

    [Theory]
    [MemberData(nameof(PieceLengths))]
    public void All_requested_hashes_are_sent_and_accepted_for_any_piece_length(int pieceLength)
    {
        Torrent torrent = ZeroTorrent.Make(pieceLength, ("a", 2L * pieceLength + pieceLength / 2 + 5), ("b", pieceLength / 2), ("c", pieceLength), ("d", 3));
        using SampleSwarm seed = new(torrent, isSeed: true), leecher = new(Torrent.ParseInfo(torrent.InfoBytes), isSeed: false);
        (MemoryPeerStream ours, MemoryPeerStream theirs) = MemoryPeerStream.Create(readLimit: 40_000); // so that messages arrive in parts
        PeerSession asking = Join(leecher, ours), giving = Join(seed, theirs);
        PieceLayers layers = leecher.Disk.Hashes.Layers!;
        LayerFetch fetch = new(torrent, layers, leecher.HashSupply!.Proofs, _ => true);
        List<(int File, HashRange Range)> asked = [(0, fetch.RangeOf(0, 0))];
        for (int piece = 0; piece < torrent.PieceCount; piece++)
        {
            if (piece != 1 && fetch.HasLeaves(piece)) // which equals the first
                asked.Add((layers.FileOf(piece), fetch.LeavesOf(piece)));
        }

        // For pieces of 256 MiB, no message holds the leaves; pieces of 16 KiB are leaves themselves.
        Assert.Equal(pieceLength switch { 16384 => 1, 32768 => 4, TorrentBuilder.GreatestPieceLength => 2, _ => 5 }, asked.Count);
        _loop.Run(() => giving.State.UploadRate.Add(int.MaxValue, 0)); // so that it may have all of them read
        foreach ((int file, HashRange range) in asked)
            _loop.Run(() => asking.RequestHashes(file, range));
        _loop.RunUntil(() => leecher.Hashes.Count == asked.Count || leecher.Reason is not null || leecher.Events.Exists(text => text.Contains("rejected", StringComparison.Ordinal)));
        Assert.DoesNotContain(leecher.Events, text => text.Contains("rejected", StringComparison.Ordinal) || text.Contains("violated", StringComparison.Ordinal));
        Assert.Equal(asked, leecher.Hashes.Select(hashes => (hashes.File, hashes.Range)));
        foreach ((int file, HashRange range, byte[] hashes) in leecher.Hashes)
        {
            ReadOnlySpan<byte> root = torrent.PieceRoots![file].Span;
            if (range.BaseLayer < layers.PieceHeight && layers.PiecesIn(file) > 1)
                Assert.True(seed.Disk.Hashes.Layers!.TryGet(layers.FirstPieceOf(file) + (range.Index >> layers.PieceHeight), out root));
            Assert.True(HashProofs.Leads(hashes, range.Length, range.ProofCount == 0 ? 0 : range.Index, range.BaseLayer, root));
        }

        _loop.Run(() =>
        {
            asking.Close(PeerClose.Stopping);
            giving.Close(PeerClose.Stopping);
        });
        Assert.Null(seed.Fault);
        Assert.Null(leecher.Fault);
    }

    [Fact]
    public void Hash_requests_fit_a_message_for_any_number_of_pieces()
    {
        for (int pieces = 2; pieces <= MetainfoLimits.Pieces; pieces = pieces * 3 / 2 + 1)
        {
            Torrent torrent = SwarmData.PiecesV2(pieces);
            PieceLayers layers = new(torrent);
            LayerFetch fetch = new(torrent, layers, new HashProofs(torrent, layers), _ => true);
            foreach ((int file, int chunk) in fetch.Wanted)
            {
                HashRange range = fetch.RangeOf(file, chunk);
                Assert.True(range.IsIn(layers.HeightOfFile(file)));
                Assert.True(range.TopLayer + range.ProofCount == layers.HeightOfFile(file)); // with proofs up to the root
                Assert.InRange(1 + HashMessage.HeaderLength + range.HashesLength, 1, PeerMessage.LongestOf(MessageId.Hashes, pieces)); // while a magnet link is resolved, too
            }
        }
    }

    [Fact]
    public void A_long_unrequested_answer_is_not_waited_for()
    {
        StartV2();
        byte[] message = HashBytes(MessageId.Hashes, s_range, 60_000);
        for (int i = 0; i < message.Length; i += 1000)
            Send(message.AsSpan(i, Math.Min(1000, message.Length - i)));
        Assert.InRange(_ours.LargestBuffer, 1, 16 * 1024);
        AssertOpen();
    }
}
