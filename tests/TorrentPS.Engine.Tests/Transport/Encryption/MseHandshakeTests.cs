using System.Security.Cryptography;
using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Engine.Tests.Transport.Encryption;

public class MseHandshakeTests
{
    private const CryptoMethods Both = CryptoMethods.Plain | CryptoMethods.Rc4;

    private static readonly byte[] s_infoHash = [.. Enumerable.Range(1, 20).Select(i => (byte)i)];
    private static readonly byte[] s_payload = [.. "\u0013BitTorrent protocol"u8, .. Enumerable.Range(0, 48).Select(i => (byte)i)];

    private static CancellationToken Limit => new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token;

    public static TheoryData<int, int, int, int> Methods()
    {
        var data = new TheoryData<int, int, int, int>();
        for (int provide = 1; provide <= 3; provide++)
        {
            for (int allowed = 1; allowed <= 3; allowed++)
            {
                for (int preferred = 1; preferred <= 2; preferred++)
                {
                    int common = provide & allowed;
                    data.Add(provide, allowed, preferred, (common & preferred) != 0 ? common & preferred : common);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task The_method_is_the_preferred_one_of_the_common_ones(int provide, int allowed, int preferred, int expected)
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> initiate = MseHandshake.InitiateAsync(a, s_infoHash, (CryptoMethods)provide, s_payload, Limit);
        Task<MseResult> accept = MseHandshake.AcceptAsync(b, default, Torrents(), (CryptoMethods)allowed, (CryptoMethods)preferred, Limit);

        if (expected == 0)
        {
            Assert.Equal(MseFailure.NoCommonMethod, (await Assert.ThrowsAsync<MseException>(() => accept)).Failure);
            b.Finish();
            Assert.Equal(MseFailure.Closed, (await Assert.ThrowsAsync<MseException>(() => initiate)).Failure);
            return;
        }

        await CheckAsync(a, await initiate, b, await accept, (CryptoMethods)expected);
    }

    [Theory]
    [InlineData(0, 0, 0, 0, 1)]
    [InlineData(512, 512, 512, 512, 1)]
    [InlineData(512, 0, 0, 512, 7)]
    [InlineData(0, 512, 512, 0, 19)]
    [InlineData(1, 511, 511, 1, 97)]
    [InlineData(512, 512, 512, 512, int.MaxValue)]
    [InlineData(0, 0, 0, 0, int.MaxValue)]
    public async Task Paddings_and_fragments_of_all_lengths_are_understood(int padA, int padB, int padC, int padD, int readLimit)
    {
        foreach (CryptoMethods method in new[] { CryptoMethods.Plain, CryptoMethods.Rc4 })
        {
            (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create(readLimit);
            Task<MseResult> initiate = MseHandshake.InitiateAsync(a, s_infoHash, method, s_payload, Limit, new MsePadding(padA, padC));
            Task<MseResult> accept = MseHandshake.AcceptAsync(b, default, Torrents(), Both, method, Limit, new MsePadding(padB, padD));
            await CheckAsync(a, await initiate, b, await accept, method);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(MseHandshake.MaxInitialPayload)]
    public async Task The_initial_payload_has_any_length(int length)
    {
        byte[] payload = RandomNumberGenerator.GetBytes(length);
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> initiate = MseHandshake.InitiateAsync(a, s_infoHash, Both, payload, Limit);
        MseResult accepted = await MseHandshake.AcceptAsync(b, default, Torrents(), Both, CryptoMethods.Rc4, Limit);
        await initiate;
        Assert.Equal(payload, accepted.Received.ToArray());
    }

    [Theory]
    [InlineData(20)]
    [InlineData(96)]
    [InlineData(150)]
    public async Task Bytes_read_to_recognize_the_protocol_count(int alreadyRead)
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> initiate = MseHandshake.InitiateAsync(a, s_infoHash, Both, s_payload, Limit, new MsePadding(300, 0));
        byte[] prefix = new byte[alreadyRead];
        await b.ReadExactlyAsync(prefix, Limit);
        Assert.False(MseHandshake.LooksLikeBitTorrent(prefix));
        MseResult accepted = await MseHandshake.AcceptAsync(b, prefix, Torrents(), Both, CryptoMethods.Rc4, Limit);
        await CheckAsync(a, await initiate, b, accepted, CryptoMethods.Rc4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_that_come_with_the_response_are_kept_and_decrypted(bool encrypted)
    {
        CryptoMethods method = encrypted ? CryptoMethods.Rc4 : CryptoMethods.Plain;
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        var peer = new ScriptedPeer(b, s_infoHash);
        Task<MseResult> initiate = MseHandshake.InitiateAsync(a, s_infoHash, Both, s_payload, Limit);
        await peer.ExchangeKeysAsync(padLength: 100, initiator: false, Limit);
        byte[] reply = "the reply"u8.ToArray();
        byte[] response = peer.Encrypt(new byte[8], ScriptedPeer.UInt32((uint)method), ScriptedPeer.UInt16(3), new byte[3]);
        await b.WriteAsync((byte[])[.. response, .. method == CryptoMethods.Rc4 ? peer.Encrypt(reply) : reply], Limit);

        MseResult result = await initiate;
        Assert.Equal(method, result.Method);
        Assert.Equal(reply, result.Received.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_that_come_after_the_initial_payload_are_kept_and_decrypted(bool encrypted)
    {
        CryptoMethods method = encrypted ? CryptoMethods.Rc4 : CryptoMethods.Plain;
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        var peer = new ScriptedPeer(a, s_infoHash);
        Task<MseResult> accept = MseHandshake.AcceptAsync(b, default, Torrents(), Both, CryptoMethods.Rc4, Limit);
        await peer.ExchangeKeysAsync(padLength: 512, initiator: true, Limit);
        byte[] more = "more of it"u8.ToArray();
        byte[] request = peer.Request(new byte[8], (uint)method, 0, s_payload);
        await a.WriteAsync((byte[])[.. request, .. method == CryptoMethods.Rc4 ? peer.Encrypt(more) : more], Limit);

        MseResult result = await accept;
        Assert.Equal(method, result.Method);
        Assert.Equal((byte[])[.. s_payload, .. more], result.Received.ToArray());
    }

    [Fact]
    public async Task Methods_of_other_extensions_are_skipped()
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        var peer = new ScriptedPeer(a, s_infoHash);
        Task<MseResult> accept = MseHandshake.AcceptAsync(b, default, Torrents(), Both, CryptoMethods.Rc4, Limit);
        await peer.ExchangeKeysAsync(padLength: 0, initiator: true, Limit);
        await a.WriteAsync(peer.Request(new byte[8], 0xffff_fffd, 0, s_payload), Limit);
        Assert.Equal(CryptoMethods.Plain, (await accept).Method);
    }

    [Fact]
    public async Task The_peer_is_assigned_to_the_torrent_it_requests()
    {
        var torrents = new MseTorrents();
        byte[][] infoHashes = [.. Enumerable.Range(0, 200).Select(_ => RandomNumberGenerator.GetBytes(20))];
        foreach (byte[] infoHash in infoHashes)
            torrents.Add(infoHash);

        foreach (byte[] infoHash in infoHashes.Take(3))
        {
            (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
            Task<MseResult> initiate = MseHandshake.InitiateAsync(a, infoHash, Both, s_payload, Limit);
            MseResult accepted = await MseHandshake.AcceptAsync(b, default, torrents, Both, CryptoMethods.Rc4, Limit);
            await initiate;
            Assert.Equal(infoHash, accepted.InfoHash.ToArray());
        }
    }

    [Fact]
    public async Task No_two_handshakes_send_the_same()
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        (MemoryDuplex c, MemoryDuplex d) = MemoryDuplex.Create();
        Task<MseResult> first = MseHandshake.InitiateAsync(a, s_infoHash, Both, s_payload, Limit);
        Task<MseResult> second = MseHandshake.InitiateAsync(c, s_infoHash, Both, s_payload, Limit);
        byte[] one = new byte[KeyExchange.Length];
        byte[] other = new byte[KeyExchange.Length];
        await b.ReadExactlyAsync(one, Limit);
        await d.ReadExactlyAsync(other, Limit);
        Assert.NotEqual(one, other);

        b.Finish();
        d.Finish();
        await Assert.ThrowsAsync<MseException>(() => first);
        await Assert.ThrowsAsync<MseException>(() => second);
    }

    [Fact]
    public void A_padding_length_is_within_its_limits() => Assert.All(
        Enumerable.Range(0, 2000).Select(_ => MsePadding.Draw()),
        p => Assert.True(p is { Key: >= 0 and <= 512, Crypto: >= 0 and <= 512 }));

    [Fact]
    public void A_plain_handshake_is_recognized()
    {
        Assert.True(MseHandshake.LooksLikeBitTorrent(s_payload));
        Assert.True(MseHandshake.LooksLikeBitTorrent(s_payload.AsSpan(0, MseHandshake.PlainPrefixLength)));
        Assert.False(MseHandshake.LooksLikeBitTorrent(s_payload.AsSpan(0, MseHandshake.PlainPrefixLength - 1)));
        Assert.False(MseHandshake.LooksLikeBitTorrent("\u0013BitTorrent protocoL"u8));
        Assert.False(MseHandshake.LooksLikeBitTorrent(default));
    }

    [Fact]
    public async Task Invalid_arguments_are_refused()
    {
        (MemoryDuplex a, _) = MemoryDuplex.Create();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MseHandshake.InitiateAsync(a, new byte[32], Both, s_payload, Limit));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MseHandshake.InitiateAsync(a, s_infoHash, CryptoMethods.None, s_payload, Limit));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MseHandshake.InitiateAsync(a, s_infoHash, Both, new byte[65536], Limit));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MseHandshake.AcceptAsync(a, default, Torrents(), (CryptoMethods)4, Both, Limit));
    }

    [Fact]
    public async Task A_cancelled_token_ends_the_waiting()
    {
        using var cancel = new CancellationTokenSource();
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> initiate = MseHandshake.InitiateAsync(a, s_infoHash, Both, s_payload, cancel.Token);
        (MemoryDuplex c, _) = MemoryDuplex.Create();
        Task<MseResult> accept = MseHandshake.AcceptAsync(c, default, Torrents(), Both, Both, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => initiate);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accept);
        Assert.NotNull(b);
    }

    internal static MseTorrents Torrents()
    {
        var torrents = new MseTorrents();
        torrents.Add(s_infoHash);
        return torrents;
    }

    private static async Task CheckAsync(MemoryDuplex a, MseResult initiated, MemoryDuplex b, MseResult accepted, CryptoMethods method)
    {
        Assert.Equal(method, initiated.Method);
        Assert.Equal(method, accepted.Method);
        Assert.Equal(s_infoHash, accepted.InfoHash.ToArray());
        Assert.Equal(s_infoHash, initiated.InfoHash.ToArray());
        Assert.Equal(s_payload, accepted.Received.ToArray());
        Assert.True(initiated.Received.IsEmpty);
        await TransferAsync(a, initiated.Outgoing, b, accepted.Incoming, method);
        await TransferAsync(b, accepted.Outgoing, a, initiated.Incoming, method);
    }

    private static async Task TransferAsync(MemoryDuplex from, Rc4? outgoing, MemoryDuplex to, Rc4? incoming, CryptoMethods method)
    {
        Assert.Equal(method == CryptoMethods.Rc4, outgoing is not null);
        Assert.Equal(method == CryptoMethods.Rc4, incoming is not null);
        byte[] sent = RandomNumberGenerator.GetBytes(1000);
        byte[] wire = [.. sent];
        outgoing?.Process(wire);
        await from.WriteAsync(wire, Limit);
        byte[] received = new byte[sent.Length];
        await to.ReadExactlyAsync(received, Limit);
        Assert.Equal(method == CryptoMethods.Plain, received.AsSpan().SequenceEqual(sent));
        incoming?.Process(received);
        Assert.Equal(sent, received);
    }
}
