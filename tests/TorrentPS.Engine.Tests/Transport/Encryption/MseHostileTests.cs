using System.Security.Cryptography;
using FsCheck.Xunit;
using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Engine.Tests.Transport.Encryption;

public class MseHostileTests
{
    private const CryptoMethods Both = CryptoMethods.Plain | CryptoMethods.Rc4;

    private static readonly byte[] s_infoHash = [.. Enumerable.Range(1, 20).Select(i => (byte)i)];

    private static CancellationToken Limit => new CancellationTokenSource(TimeSpan.FromMinutes(5)).Token;

    [Property(MaxTest = 60)]
    public void Any_bytes_end_in_the_failure(byte[] bytes, byte readLimit) =>
        AnyBytesAsync(bytes, readLimit + 1).GetAwaiter().GetResult();

    [Property(MaxTest = 60)]
    public void Any_bytes_after_the_keys_end_in_the_failure(byte[] bytes, int extra) =>
        AnyBytesAsync([2, .. RandomNumberGenerator.GetBytes(95), .. bytes, .. new byte[Math.Abs(extra % 700)]], 4096).GetAwaiter().GetResult();

    [Property(MaxTest = 60)]
    public void Any_encrypted_request_ends_in_the_failure_or_a_result(byte[] bytes, bool sound) =>
        AnyRequestAsync(sound ? [.. new byte[8], 0, 0, 0, 3, .. bytes] : bytes).GetAwaiter().GetResult();

    [Fact]
    public async Task A_request_with_another_verification_constant_is_refused() =>
        Assert.Equal(MseFailure.BadVerification, await RequestAsync(p => p.Request([0, 0, 0, 0, 0, 0, 0, 1], 2, 0, [])));

    [Theory]
    [InlineData(513)]
    [InlineData(65535)]
    public async Task A_request_with_a_long_padding_is_refused(int length) =>
        Assert.Equal(MseFailure.BadPadding, await RequestAsync(p => p.Request(new byte[8], 2, length, [])));

    [Theory]
    [InlineData(0u)]
    [InlineData(4u)]
    [InlineData(0x8000_0000u)]
    public async Task A_request_with_an_unknown_method_is_refused(uint provide) =>
        Assert.Equal(MseFailure.NoCommonMethod, await RequestAsync(p => p.Request(new byte[8], provide, 0, [])));

    [Fact]
    public async Task A_request_for_an_unknown_torrent_is_refused() => Assert.Equal(
        MseFailure.UnknownTorrent,
        await RequestAsync(p => p.Request(new byte[8], 2, 0, []), RandomNumberGenerator.GetBytes(20)));

    [Fact]
    public async Task A_request_with_the_name_of_one_torrent_and_the_keys_of_another_is_refused()
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        var other = new ScriptedPeer(a, new byte[20]);
        MseTorrents torrents = MseHandshakeTests.Torrents();
        torrents.Add(new byte[20]);
        Task<MseResult> accept = MseHandshake.AcceptAsync(b, default, torrents, Both, Both, Limit);
        await other.ExchangeKeysAsync(0, initiator: true, Limit);
        byte[] name = other.Name();
        byte[] hash = new byte[20];
        MseKeys.HashTorrent(new byte[20], hash);
        byte[] wanted = new byte[20];
        MseKeys.HashTorrent(s_infoHash, wanted);
        for (int i = 0; i < name.Length; i++)
            name[i] ^= (byte)(hash[i] ^ wanted[i]);
        await a.WriteAsync((byte[])[.. other.Mark(), .. name, .. other.Encrypt(new byte[16])], Limit);
        Assert.Equal(MseFailure.BadVerification, await FailureAsync(accept));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Endless_padding_is_refused_within_its_limit(bool accepting)
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create(readLimit: 13);
        Task<MseResult> handshake = accepting
            ? MseHandshake.AcceptAsync(b, default, MseHandshakeTests.Torrents(), Both, Both, Limit)
            : MseHandshake.InitiateAsync(b, s_infoHash, Both, new byte[68], Limit);
        await new ScriptedPeer(a, s_infoHash).ExchangeKeysAsync(512, initiator: accepting, Limit);

        // One byte less than may precede the mark: undecided. One byte more: refused, although the stream is open.
        await a.WriteAsync(new byte[accepting ? 19 : 7], Limit);
        Assert.False(handshake.IsCompleted);
        await a.WriteAsync(new byte[1], Limit);
        Assert.Equal(MseFailure.NotSynchronized, await FailureAsync(handshake));
    }

    [Theory]
    [InlineData(513)]
    [InlineData(600)]
    public async Task A_marker_after_too_much_padding_is_not_found(int padding)
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> accept = MseHandshake.AcceptAsync(b, default, MseHandshakeTests.Torrents(), Both, Both, Limit);
        var peer = new ScriptedPeer(a, s_infoHash);
        await peer.ExchangeKeysAsync(padding, initiator: true, Limit);
        await a.WriteAsync(peer.Request(new byte[8], 2, 0, []), Limit);
        Assert.Equal(MseFailure.NotSynchronized, await FailureAsync(accept));

        (a, b) = MemoryDuplex.Create();
        Task<MseResult> initiate = MseHandshake.InitiateAsync(b, s_infoHash, Both, new byte[68], Limit);
        peer = new ScriptedPeer(a, s_infoHash);
        await peer.ExchangeKeysAsync(padding, initiator: false, Limit);
        await a.WriteAsync(peer.Encrypt(new byte[8], ScriptedPeer.UInt32(2), ScriptedPeer.UInt16(0)), Limit);
        Assert.Equal(MseFailure.NotSynchronized, await FailureAsync(initiate));
    }

    [Theory]
    [InlineData(0u, 0, MseFailure.NoCommonMethod)]
    [InlineData(1u, 0, MseFailure.NoCommonMethod)]
    [InlineData(3u, 0, MseFailure.NoCommonMethod)]
    [InlineData(4u, 0, MseFailure.NoCommonMethod)]
    [InlineData(2u, 513, MseFailure.BadPadding)]
    [InlineData(2u, 65535, MseFailure.BadPadding)]
    public async Task An_unsolicited_response_is_refused(uint selected, int padLength, object expected)
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> initiate = MseHandshake.InitiateAsync(b, s_infoHash, CryptoMethods.Rc4, new byte[68], Limit);
        var peer = new ScriptedPeer(a, s_infoHash);
        await peer.ExchangeKeysAsync(10, initiator: false, Limit);
        await a.WriteAsync(peer.Encrypt(new byte[8], ScriptedPeer.UInt32(selected), ScriptedPeer.UInt16(padLength), new byte[padLength]), Limit);
        Assert.Equal(expected, await FailureAsync(initiate));
    }

    [Fact]
    public async Task A_response_made_with_another_torrent_is_refused()
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> initiate = MseHandshake.InitiateAsync(b, s_infoHash, Both, new byte[68], Limit);
        var peer = new ScriptedPeer(a, new byte[20]);
        await peer.ExchangeKeysAsync(0, initiator: false, Limit);
        await a.WriteAsync(peer.Encrypt(new byte[8], ScriptedPeer.UInt32(2), ScriptedPeer.UInt16(512), new byte[600]), Limit);
        Assert.Equal(MseFailure.NotSynchronized, await FailureAsync(initiate));
    }

    [Fact]
    public async Task A_plain_handshake_as_the_answer_is_told_from_silence()
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> initiate = MseHandshake.InitiateAsync(b, s_infoHash, Both, new byte[68], Limit);
        await a.WriteAsync((byte[])[.. "\u0013BitTorrent protocol"u8, .. new byte[48]], Limit);
        Assert.Equal(MseFailure.Unencrypted, await FailureAsync(initiate));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_degenerate_public_key_is_refused(bool accepting)
    {
        byte[] one = new byte[96];
        one[^1] = 1;
        MemoryDuplex stream = await MemoryDuplex.CreateFinishedAsync(one);
        Assert.Equal(MseFailure.BadPublicKey, await FailureAsync(HandshakeAsync(stream, accepting)));
    }

    [Fact]
    public async Task A_connection_that_ends_anywhere_is_closed()
    {
        int length = 96 + 5 + 40 + 8 + 4 + 2 + 6 + 2 + 68;
        foreach (int cut in Enumerable.Range(0, length).Where(n => n % 7 == 0 || n > 135))
        {
            (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
            Task<MseResult> accept = MseHandshake.AcceptAsync(b, default, MseHandshakeTests.Torrents(), Both, Both, Limit);
            var peer = new ScriptedPeer(a, s_infoHash);
            if (cut >= 101)
            {
                await peer.ExchangeKeysAsync(5, initiator: true, Limit);
                byte[] request = peer.Request(new byte[8], 3, 6, new byte[68]);
                Assert.Equal(length, 101 + request.Length);
                await a.WriteAsync(request.AsMemory(0, cut - 101), Limit);
            }
            else
            {
                await a.WriteAsync(new KeyExchange().PublicKey.ToArray().AsMemory(0, Math.Min(cut, 96)), Limit);
            }

            a.Finish();
            Assert.Equal(MseFailure.Closed, await FailureAsync(accept));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_breaks_is_closed(bool accepting)
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> handshake = HandshakeAsync(b, accepting);
        a.Break();
        MseException e = await Assert.ThrowsAsync<MseException>(() => handshake);
        Assert.Equal(MseFailure.Closed, e.Failure);
        Assert.IsType<IOException>(e.InnerException);
    }

    private static Task<MseResult> HandshakeAsync(MemoryDuplex stream, bool accepting) => accepting
        ? MseHandshake.AcceptAsync(stream, default, MseHandshakeTests.Torrents(), Both, Both, Limit)
        : MseHandshake.InitiateAsync(stream, s_infoHash, Both, new byte[68], Limit);

    private static async Task AnyBytesAsync(byte[] bytes, int readLimit)
    {
        await FailureAsync(HandshakeAsync(await MemoryDuplex.CreateFinishedAsync(bytes, readLimit), accepting: true));
        await FailureAsync(HandshakeAsync(await MemoryDuplex.CreateFinishedAsync(bytes, readLimit), accepting: false));
    }

    private static async Task AnyRequestAsync(byte[] bytes)
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> accept = HandshakeAsync(b, accepting: true);
        var peer = new ScriptedPeer(a, s_infoHash);
        await peer.ExchangeKeysAsync(0, initiator: true, Limit);
        await a.WriteAsync((byte[])[.. peer.Mark(), .. peer.Name(), .. peer.Encrypt(bytes)], Limit);
        a.Finish();
        try
        {
            MseResult result = await accept;
            Assert.True(bytes.AsSpan(0, 8).SequenceEqual(new byte[8]));
            Assert.True(result.Received.Length <= bytes.Length);
        }
        catch (MseException e)
        {
            Assert.True(e.Failure is MseFailure.Closed or MseFailure.BadVerification or MseFailure.BadPadding or MseFailure.NoCommonMethod, e.Message);
        }
    }

    private static async Task<MseFailure> RequestAsync(Func<ScriptedPeer, byte[]> request, byte[]? infoHash = null)
    {
        (MemoryDuplex a, MemoryDuplex b) = MemoryDuplex.Create();
        Task<MseResult> accept = HandshakeAsync(b, accepting: true);
        var peer = new ScriptedPeer(a, infoHash ?? s_infoHash);
        await peer.ExchangeKeysAsync(33, initiator: true, Limit);
        await a.WriteAsync(request(peer), Limit);
        return await FailureAsync(accept);
    }

    private static async Task<MseFailure> FailureAsync(Task<MseResult> handshake) =>
        (await Assert.ThrowsAsync<MseException>(() => handshake)).Failure;
}
