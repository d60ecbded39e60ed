using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FsCheck.Xunit;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Metadata;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Metadata;

[SuppressMessage("Security", "CA5350", Justification = "BEP 3 has SHA-1.")]
public sealed class MetadataFetchTests
{
    private const int Limit = 10_000_000;

    private static readonly byte[] s_right = Bytes(100_000, 1); // seven pieces

    private readonly MetadataFetch _fetch = new(InfoHash.Create(SHA1.HashData(s_right)), Limit);
    private double _now;

    [Fact]
    public void One_peer_sends_everything_with_a_few_requests_at_a_time()
    {
        MetadataSource peer = Add();
        List<int> asked = AskAll(peer);
        Assert.Equal([0, 1, 2, 3], asked);
        while (AskOrAnswer(peer, s_right))
        {
        }

        Assert.Equal(s_right, _fetch.Result);
        Assert.False(peer.IsLiar);
        Assert.Equal(1, _fetch.Progress);
        Assert.False(_fetch.TryNext(peer, _now, out _));
    }

    [Fact]
    public void Different_pieces_are_requested_from_several_peers()
    {
        MetadataSource one = Add(), other = Add();
        Assert.Equal([0, 1, 2, 3], AskAll(one));
        Assert.Equal([4, 5, 6, 0], AskAll(other)); // and, when no other is left, for one that another peer has not sent yet
        Give(other, 5, s_right);
        Assert.Equal(1.0 / 7, _fetch.Progress, 6);
    }

    [Fact]
    public void Blocks_requested_from_two_peers_are_not_requested_again()
    {
        var fetch = new MetadataFetch(InfoHash.Create(SHA1.HashData(Bytes(10, 1))), Limit);
        MetadataSource[] peers = [new(10), new(10), new(10)];
        foreach (MetadataSource peer in peers)
            fetch.Add(peer);
        Assert.Equal([true, true, false], peers.Select(peer => fetch.TryNext(peer, 0, out _)));
    }

    [Fact]
    public void A_slow_node_delays_nothing()
    {
        MetadataSource mute = Add();
        AskAll(mute);
        _now += MetadataFetch.PatienceSeconds + 0.1;
        MetadataSource other = Add();
        Assert.Equal([0, 1, 2, 3], AskAll(other));
        Assert.Empty(AskAll(mute)); // it has enough requests

        _now += MetadataFetch.MuteSeconds;
        _fetch.Expire(_now);
        Assert.Empty(mute.Asked);
        Assert.Empty(AskAll(mute));
        Assert.False(_fetch.Receive(mute, 0, null, Piece(s_right, 0), _now)); // too late
        _now += MetadataFetch.PauseSeconds;
        Assert.NotEmpty(AskAll(mute)); // another chance
    }

    [Fact]
    public void A_peer_that_rejects_is_paused_and_others_are_asked()
    {
        MetadataSource peer = Add(), other = Add();
        AskAll(peer);
        MetadataFetch.Reject(peer, 2, _now);
        Assert.DoesNotContain(2, peer.Asked.Select(asked => asked.Piece));
        Assert.Empty(AskAll(peer));
        Assert.Contains(2, AskAll(other));
        MetadataFetch.Reject(other, 0, _now); // that was not requested from it
        Assert.Equal(0, other.PausedUntil);
    }

    [Fact]
    public void The_only_sender_of_wrong_metadata_is_at_fault()
    {
        MetadataSource liar = Add();
        byte[] wrong = Bytes(s_right.Length, 2);
        while (AskOrAnswer(liar, wrong))
        {
        }

        Assert.True(liar.IsLiar);
        Assert.Null(_fetch.Result);
        Assert.Empty(AskAll(liar));

        MetadataSource honest = Add();
        while (AskOrAnswer(honest, s_right))
        {
        }

        Assert.Equal(s_right, _fetch.Result);
        Assert.False(honest.IsLiar);
    }

    [Fact]
    public void When_one_of_several_peers_lies_each_sends_a_separate_copy_and_the_right_one_identifies_it()
    {
        MetadataSource honest = Add(), liar = Add(), idle = Add();
        byte[] wrong = Bytes(s_right.Length, 2);
        while (honest.OwnCopy is null)
            Assert.True(AskOrAnswer(honest, s_right) | AskOrAnswer(liar, wrong));
        Assert.False(honest.IsLiar || liar.IsLiar);
        while (_fetch.Result is null)
            Assert.True(AskOrAnswer(honest, s_right));
        Assert.Equal(s_right, _fetch.Result);
        Assert.Equal([false, true, false], new[] { honest, liar, idle }.Select(source => source.IsLiar));
    }

    [Fact]
    public void Sizes_do_not_mix()
    {
        MetadataSource liar = Add(50_000), honest = Add();
        byte[] wrong = Bytes(50_000, 3);
        bool any = true;
        while (any && _fetch.Result is null)
            any = AskOrAnswer(liar, wrong) | AskOrAnswer(honest, s_right);
        Assert.Equal(s_right, _fetch.Result);
        Assert.Equal([true, false], new[] { liar, honest }.Select(source => source.IsLiar));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(Limit + 1)]
    [InlineData(long.MaxValue)]
    public void An_impossible_size_is_not_accepted(long size) => Assert.False(_fetch.Accepts(size));

    [Fact]
    public void Many_peers_that_declare_huge_sizes_keep_out_no_other()
    {
        for (int i = 0; i < 20; i++)
            AskAll(Add(Limit - i));
        MetadataSource honest = Add();
        Assert.Empty(AskAll(honest)); // four copies of 10 MB are requested
        _now += MetadataFetch.PatienceSeconds + 0.1;
        while (_fetch.Result is null)
            Assert.True(AskOrAnswer(honest, s_right));
    }

    [Fact]
    public void The_size_declared_by_most_peers_comes_first()
    {
        for (int i = 0; i < 20; i++)
            AskAll(Add(Limit - i));
        MetadataSource[] honest = [Add(), Add()];
        Assert.NotEmpty(AskAll(honest[0]));
    }

    [Theory]
    [InlineData(16384, 99_999)]
    [InlineData(16383, null)]
    [InlineData(0, null)]
    public void A_metadata_piece_that_contradicts_the_size_is_wrong_data(int length, int? totalSize)
    {
        MetadataSource peer = Add();
        AskAll(peer);
        Assert.True(_fetch.Receive(peer, 0, totalSize, s_right.AsSpan(0, length), _now));
        Assert.True(peer.IsLiar);
    }

    [Fact]
    public void An_unrequested_piece_is_not_accepted()
    {
        MetadataSource peer = Add();
        Assert.False(_fetch.Receive(peer, 0, null, Piece(s_right, 0), _now));
        Assert.Equal(0, _fetch.Progress);
    }

    [Fact]
    public void Both_hashes_must_match()
    {
        byte[] v2 = SHA256.HashData(s_right);
        v2[0] ^= 1;
        foreach ((InfoHash hash, bool right) in new[]
        {
            (InfoHash.Create(default, SHA256.HashData(s_right)), true),
            (InfoHash.Create(SHA1.HashData(s_right), SHA256.HashData(s_right)), true),
            (InfoHash.Create(SHA1.HashData(s_right), v2), false),
            (InfoHash.Create(default, v2), false),
        })
        {
            var fetch = new MetadataFetch(hash, Limit);
            var peer = new MetadataSource(s_right.Length);
            fetch.Add(peer);
            while (fetch.TryNext(peer, 0, out int piece))
                fetch.Receive(peer, piece, null, Piece(s_right, piece), 0);
            Assert.Equal(right, fetch.Result is not null);
            Assert.Equal(!right, peer.IsLiar);
        }
    }

    // Peers lie, stall, reject or announce another size: with one honest peer it completes, and no honest peer is blamed.
    [Property(MaxTest = 300)]
    public void One_honest_peer_always_leads_to_an_end(int seed)
    {
        var random = new Random(seed);
        var kinds = new Dictionary<MetadataSource, int>();
        for (int i = random.Next(1, 8); i >= 0; i--)
        {
            int kind = i == 0 ? 0 : random.Next(5);
            kinds.Add(Add(kind == 4 ? random.Next(1, 150_000) : s_right.Length), kind);
        }

        byte[] wrong = Bytes(150_000, 9);
        for (int round = 0; round < 2000 && _fetch.Result is null; round++)
        {
            MetadataSource peer = kinds.Keys.ElementAt(random.Next(kinds.Count));
            AskAll(peer);
            if (peer.Asked.Count > 0)
                Act(peer, kinds[peer], peer.Asked[random.Next(peer.Asked.Count)].Piece, wrong, random);
            _now += random.NextDouble();
            _fetch.Expire(_now);
        }

        Assert.Equal(s_right, _fetch.Result);
        Assert.All(kinds, pair => Assert.False(pair.Key.IsLiar && pair.Value is 0 or 1 or 2));
    }

    private void Act(MetadataSource peer, int kind, int piece, byte[] wrong, Random random)
    {
        if (kind == 0)
            _fetch.Receive(peer, piece, null, Piece(s_right, piece), _now);
        else if (kind == 1)
            MetadataFetch.Reject(peer, piece, _now);
        else if (kind >= 3 && random.Next(3) > 0)
            _fetch.Receive(peer, piece, null, wrong.AsSpan(piece * MetadataMessage.BlockLength, MetadataMessage.LengthOf(piece, peer.Size)), _now);
    }

    private MetadataSource Add(int? size = null)
    {
        MetadataSource source = new(size ?? s_right.Length);
        _fetch.Add(source);
        return source;
    }

    private List<int> AskAll(MetadataSource source)
    {
        List<int> pieces = [];
        while (_fetch.TryNext(source, _now, out int piece))
            pieces.Add(piece);
        return pieces;
    }

    /// <summary>Requests all it can from a peer, or has the peer answer for one piece.</summary>
    private bool AskOrAnswer(MetadataSource source, byte[] content)
    {
        AskAll(source);
        if (source.Asked.Count == 0)
            return false;
        Give(source, source.Asked[0].Piece, content);
        return true;
    }

    private void Give(MetadataSource source, int piece, byte[] content) => Assert.True(_fetch.Receive(source, piece, content.Length, Piece(content, piece), _now));

    private static ReadOnlySpan<byte> Piece(byte[] content, int piece) =>
        content.AsSpan(piece * MetadataMessage.BlockLength, MetadataMessage.LengthOf(piece, content.Length));

    private static byte[] Bytes(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
