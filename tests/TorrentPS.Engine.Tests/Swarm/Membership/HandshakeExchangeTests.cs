using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Tests.Transport;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Encryption;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm.Membership;

public sealed class HandshakeExchangeTests
{
    private static readonly byte[] s_infoHash = SHA1.HashData("a torrent"u8);
    private static readonly byte[] s_other = SHA1.HashData("another torrent"u8);
    private static readonly byte[] s_ours = PeerId.Create();
    private static readonly byte[] s_theirs = PeerId.Create();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static byte[] Answer(byte[]? infoHash = null, byte[]? peerId = null)
    {
        byte[] bytes = new byte[Handshake.Length];
        Handshake.Write(bytes, infoHash ?? s_infoHash, peerId ?? s_theirs);
        return bytes;
    }

    private static MseTorrents Torrents(params byte[][] infoHashes)
    {
        MseTorrents torrents = new();
        foreach (byte[] infoHash in infoHashes)
            torrents.Add(infoHash);
        return torrents;
    }

    private static Task<HandshakeOutcome> Initiate(PeerStream stream, CryptoMethods encryption = CryptoMethods.None) =>
        HandshakeExchange.InitiateAsync(stream, s_infoHash, s_ours, encryption, usesDht: false, Token).WaitAsync(TimeSpan.FromMinutes(5), Token);

    /// <summary>Both sides as in the engine: the accepting one answers as a torrent does.</summary>
    private static async Task<(HandshakeOutcome Dialler, HandshakeOutcome Listener)> BothAsync(CryptoMethods encryption, EncryptionMode accepts, MseTorrents? torrents = null, int readLimit = int.MaxValue)
    {
        (MemoryPeerStream dialler, MemoryPeerStream listener) = MemoryPeerStream.Create(readLimit);
        Task<HandshakeOutcome> initiating = Initiate(dialler, encryption);
        HandshakeOutcome accepted = await HandshakeExchange.AcceptAsync(listener, torrents ?? Torrents(s_infoHash), accepts, Token).WaitAsync(TimeSpan.FromMinutes(5), Token);
        if (accepted.Stream is not null)
            await accepted.Stream.SendAsync(Answer(), Token);
        return (await initiating, accepted);
    }

    [Theory]
    [InlineData(CryptoMethods.None, EncryptionMode.Prefer, false, int.MaxValue)]
    [InlineData(CryptoMethods.None, EncryptionMode.Off, false, 1)]
    [InlineData(CryptoMethods.Rc4, EncryptionMode.Prefer, true, int.MaxValue)]
    [InlineData(CryptoMethods.Rc4, EncryptionMode.Require, true, 1)]
    [InlineData(CryptoMethods.Rc4 | CryptoMethods.Plain, EncryptionMode.Require, true, 7)]
    [InlineData(CryptoMethods.Plain, EncryptionMode.Prefer, false, int.MaxValue)]
    internal async Task Both_sides_agree_and_continue(CryptoMethods encryption, EncryptionMode accepts, bool encrypted, int readLimit)
    {
        (HandshakeOutcome dialler, HandshakeOutcome listener) = await BothAsync(encryption, accepts, readLimit: readLimit);
        Assert.Equal((PeerHandshakeStatus.Succeeded, PeerHandshakeStatus.Succeeded), (dialler.Status, listener.Status));
        Assert.Equal((encrypted, encrypted), (dialler.Stream!.IsEncrypted, listener.Stream!.IsEncrypted));
        Assert.Equal(s_theirs, dialler.Handshake!.PeerId.ToArray());
        Assert.Equal(s_ours, listener.Handshake!.PeerId.ToArray());
        Assert.Equal(s_infoHash, listener.Handshake.InfoHash.ToArray());
        await CheckAsync(dialler.Stream, listener.Stream);
        await CheckAsync(listener.Stream, dialler.Stream);
        Assert.True(dialler.Stream.IsOutgoing);
        Assert.False(listener.Stream.IsOutgoing);
    }

    private static async Task CheckAsync(PeerStream from, PeerStream to)
    {
        byte[] sent = RandomNumberGenerator.GetBytes(1000), received = new byte[1000];
        await from.SendAsync(sent.ToArray(), Token); // encryption may change the buffer
        for (int count = 0; count < received.Length;)
            count += await to.ReceiveAsync(received.AsMemory(count), Token);
        Assert.Equal(sent, received);
    }

    [Theory]
    [InlineData(CryptoMethods.None, EncryptionMode.Require)]
    [InlineData(CryptoMethods.Rc4, EncryptionMode.Off)]
    [InlineData(CryptoMethods.Plain, EncryptionMode.Require)]
    internal async Task Disallowed_connections_are_not_accepted(CryptoMethods encryption, EncryptionMode accepts)
    {
        (HandshakeOutcome dialler, HandshakeOutcome listener) = await BothAsync(encryption, accepts);
        Assert.Null(listener.Stream);
        Assert.Equal(PeerHandshakeStatus.Closed, dialler.Status);
    }

    [Theory]
    [InlineData(CryptoMethods.None)]
    [InlineData(CryptoMethods.Rc4)]
    internal async Task An_unknown_torrent_is_not_answered(CryptoMethods encryption)
    {
        (HandshakeOutcome dialler, HandshakeOutcome listener) = await BothAsync(encryption, EncryptionMode.Prefer, Torrents(s_other));
        Assert.Null(listener.Stream);
        Assert.Equal(PeerHandshakeStatus.Closed, dialler.Status);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    public async Task Bytes_after_the_answer_are_not_lost(int readLimit)
    {
        (MemoryPeerStream dialler, MemoryPeerStream peer) = MemoryPeerStream.Create(readLimit);
        peer.Send([.. Answer(), 0, 0, 0, 1, 2]);
        HandshakeOutcome outcome = await Initiate(dialler);
        byte[] rest = new byte[5];
        for (int count = 0; count < rest.Length;)
            count += await outcome.Stream!.ReceiveAsync(rest.AsMemory(count), Token);
        Assert.Equal([0, 0, 0, 1, 2], rest);
        byte[] sent = peer.TakeArrived();
        Assert.Equal(Answer(peerId: s_ours), sent);
    }

    [Fact]
    public async Task An_answer_for_another_torrent_is_recognized_before_its_end()
    {
        (MemoryPeerStream dialler, MemoryPeerStream peer) = MemoryPeerStream.Create();
        peer.Send(Answer(s_other).AsSpan(0, Handshake.PeerIdOffset));
        Assert.Equal(PeerHandshakeStatus.WrongInfoHash, (await Initiate(dialler)).Status);
        Assert.True(dialler.IsDisposed);
    }

    [Fact]
    public async Task Our_own_peer_id_is_ourselves()
    {
        (MemoryPeerStream dialler, MemoryPeerStream peer) = MemoryPeerStream.Create();
        peer.Send(Answer(peerId: s_ours));
        HandshakeOutcome outcome = await Initiate(dialler);
        Assert.Equal(PeerHandshakeStatus.SelfConnection, outcome.Status);
        Assert.Null(outcome.Stream);
        Assert.NotNull(outcome.Handshake);
        Assert.True(dialler.IsDisposed);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("SSH-2.0-")]
    [InlineData("\u0013BitTorrent protocoX")]
    [InlineData("\u0014")]
    public async Task Another_protocol_is_recognized_at_once(string answer)
    {
        (MemoryPeerStream dialler, MemoryPeerStream peer) = MemoryPeerStream.Create(1);
        peer.Send(Encoding.Latin1.GetBytes(answer)); // and the connection stays open
        Assert.Equal(PeerHandshakeStatus.NotBitTorrent, (await Initiate(dialler)).Status);
        Assert.True(dialler.IsDisposed);
    }

    [Fact]
    public async Task A_truncated_answer_is_a_closed_connection()
    {
        byte[] answer = Answer();
        for (int length = 0; length < answer.Length; length++)
        {
            (MemoryPeerStream dialler, MemoryPeerStream peer) = MemoryPeerStream.Create();
            peer.Send(answer.AsSpan(0, length));
            peer.Dispose();
            HandshakeOutcome outcome = await HandshakeExchange.InitiateAsync(dialler, s_infoHash, s_ours, CryptoMethods.None, usesDht: false, Token);
            Assert.Equal(PeerHandshakeStatus.Closed, outcome.Status);
            Assert.True(dialler.IsDisposed);
        }
    }

    [Fact]
    public async Task A_broken_connection_is_a_closed_connection()
    {
        (MemoryPeerStream dialler, MemoryPeerStream peer) = MemoryPeerStream.Create();
        peer.Send(Answer().AsSpan(0, 30));
        peer.Break();
        Assert.Equal(PeerHandshakeStatus.Closed, (await Initiate(dialler)).Status);
    }

    [Fact]
    public async Task Garbage_that_connects_to_us_is_closed()
    {
        Random random = new(1);
        for (int i = 0; i < 50; i++)
        {
            (MemoryPeerStream peer, MemoryPeerStream listener) = MemoryPeerStream.Create();
            byte[] garbage = new byte[random.Next(0, 1500)];
            random.NextBytes(garbage);
            peer.Send(garbage);
            peer.Dispose();
            HandshakeOutcome outcome = await HandshakeExchange.AcceptAsync(listener, Torrents(s_infoHash), EncryptionMode.Prefer, Token).WaitAsync(TimeSpan.FromMinutes(5), Token);
            Assert.Null(outcome.Stream);
            Assert.True(listener.IsDisposed);
        }
    }

    [Fact]
    public async Task A_silent_connection_is_given_up_on_cancellation()
    {
        FakeTimeProvider time = new();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10), time);
        (MemoryPeerStream _, MemoryPeerStream listener) = MemoryPeerStream.Create();
        Task<HandshakeOutcome> accepting = HandshakeExchange.AcceptAsync(listener, Torrents(s_infoHash), EncryptionMode.Prefer, limit.Token);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(accepting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting.WaitAsync(TimeSpan.FromMinutes(5), Token));
        Assert.True(listener.IsDisposed);
    }

    /// <summary>Dials a peer; each connection goes to the next of some listeners.</summary>
    private static async Task<(HandshakeOutcome Outcome, int Connections)> DialAsync(EncryptionMode mode, CancellationToken token, params Action<MemoryPeerStream>[] listeners)
    {
        int connections = 0;
        HandshakeOutcome outcome = await PeerDialer.DialAsync(
            _ =>
            {
                (MemoryPeerStream dialler, MemoryPeerStream listener) = MemoryPeerStream.Create();
                listeners[connections++](listener);
                return Task.FromResult<PeerStream>(dialler);
            },
            s_infoHash, s_ours, mode, usesDht: false, token).WaitAsync(TimeSpan.FromMinutes(5), Token);
        return (outcome, connections);
    }

    private static void Encrypted(MemoryPeerStream listener) => _ = AcceptAsync(listener, EncryptionMode.Require);

    private static void Plain(MemoryPeerStream listener) => _ = AcceptAsync(listener, EncryptionMode.Off);

    private static async Task AcceptAsync(MemoryPeerStream listener, EncryptionMode mode)
    {
        HandshakeOutcome accepted = await HandshakeExchange.AcceptAsync(listener, Torrents(s_infoHash), mode, Token);
        if (accepted.Stream is not null)
            await accepted.Stream.SendAsync(Answer(), Token);
    }

    [Fact]
    public async Task A_plain_peer_takes_one_connection()
    {
        (HandshakeOutcome outcome, int connections) = await DialAsync(EncryptionMode.Prefer, Token, Plain);
        Assert.Equal((PeerHandshakeStatus.Succeeded, false, 1), (outcome.Status, outcome.Stream!.IsEncrypted, connections));
    }

    [Fact]
    public async Task A_peer_that_wants_encryption_gets_it_at_the_second_attempt()
    {
        (HandshakeOutcome outcome, int connections) = await DialAsync(EncryptionMode.Prefer, Token, Encrypted, Encrypted);
        Assert.Equal((PeerHandshakeStatus.Succeeded, true, 2), (outcome.Status, outcome.Stream!.IsEncrypted, connections));
    }

    [Fact]
    public async Task Required_encryption_is_used_at_once()
    {
        (HandshakeOutcome outcome, int connections) = await DialAsync(EncryptionMode.Require, Token, Encrypted);
        Assert.Equal((PeerHandshakeStatus.Succeeded, true, 1), (outcome.Status, outcome.Stream!.IsEncrypted, connections));
    }

    [Theory]
    [InlineData(EncryptionMode.Require, true, 2)]
    [InlineData(EncryptionMode.Off, false, 1)]
    public async Task A_connection_that_the_other_side_refuses_is_not_tried_another_way(EncryptionMode mode, bool peerIsPlain, int expected)
    {
        Action<MemoryPeerStream> peer = peerIsPlain ? Plain : Encrypted;
        (HandshakeOutcome outcome, int connections) = await DialAsync(mode, Token, peer, peer);
        Assert.Equal(expected, connections);
        Assert.Null(outcome.Stream);
        Assert.NotEqual(PeerHandshakeStatus.Succeeded, outcome.Status);
    }

    [Fact]
    public async Task A_web_server_is_not_asked_twice()
    {
        (HandshakeOutcome outcome, int connections) = await DialAsync(EncryptionMode.Prefer, Token, listener => listener.Send("HTTP/1.0 400 Bad Request\r\n"u8));
        Assert.Equal((PeerHandshakeStatus.NotBitTorrent, 1), (outcome.Status, connections));
    }

    [Fact]
    public async Task A_peer_that_closes_in_both_ways_is_closed()
    {
        (HandshakeOutcome outcome, int connections) = await DialAsync(EncryptionMode.Prefer, Token, listener => listener.Dispose(), listener => listener.Dispose());
        Assert.Equal((PeerHandshakeStatus.Closed, 2), (outcome.Status, connections));
    }

    [Fact]
    public async Task No_answer_is_a_time_out()
    {
        FakeTimeProvider time = new();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20), time);
        Task<(HandshakeOutcome Outcome, int)> dialling = DialAsync(EncryptionMode.Prefer, limit.Token, _ => { });
        time.Advance(TimeSpan.FromSeconds(19));
        Assert.False(dialling.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(PeerHandshakeStatus.TimedOut, (await dialling).Outcome.Status);
    }
}
