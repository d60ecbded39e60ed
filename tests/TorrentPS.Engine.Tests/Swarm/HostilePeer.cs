using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A hostile peer on loopback that claims to have everything, and misbehaves in one of many ways for as long as it can.</summary>
internal sealed class HostilePeer : IDisposable
{
    private static int s_count;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Socket> _open = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _lied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Sample _sample;
    private readonly byte[] _peerId = Encoding.ASCII.GetBytes($"-BD0001-{Interlocked.Increment(ref s_count):000000000000}");
    private readonly TimeProvider _time;
    private int _connections;
    private int _answered;

    public HostilePeer(Sample sample, HostileKind kind, TimeProvider? time = null)
    {
        _sample = sample;
        Kind = kind;
        _time = time ?? TimeProvider.System;
        _listener.Start();
        _ = AcceptAsync();
    }

    public HostileKind Kind { get; }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Completes when a peer has connected.</summary>
    public Task Met => _met.Task;

    /// <summary>Completes when the other side has closed a connection.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Completes when it has sent wrong data for a request.</summary>
    public Task Lied => _lied.Task;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        foreach (Socket socket in _open)
            socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                _open.Add(socket);
                Interlocked.Increment(ref _connections);
                _met.TrySetResult();
                _ = ServeAsync(socket);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            if (Kind == HostileKind.ClosesAtOnce)
            {
                socket.Dispose();
                _ended.TrySetResult();
                return;
            }

            byte[] handshake = await ReadAsync(socket, Handshake.Length);
            if (Kind == HostileKind.SilentFromTheBeginning)
                await ReadAsync(socket, 1);
            await socket.SendAsync(Answer(handshake), _stop.Token);
            Task reading = ReadRequestsAsync(socket);
            if (Kind < HostileKind.SilentFromTheBeginning || Kind == HostileKind.LengthAlone)
                await AttackAsync(socket);
            await reading;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or EndOfStreamException or OperationCanceledException)
        {
            _ended.TrySetResult();
        }
    }

    private byte[] Answer(byte[] handshake)
    {
        if (Kind == HostileKind.OurOwnId)
            return handshake;
        _peerId.CopyTo(handshake, Handshake.PeerIdOffset);
        if (Kind == HostileKind.AnotherTorrent)
            handshake[Handshake.InfoHashOffset] ^= 1;
        else if (Kind == HostileKind.Garbage)
            new Random(1).NextBytes(handshake);
        return handshake;
    }

    private byte[] Everything(int spare = 0, int bits = 0) =>
        Message(MessageId.Bitfield, [.. SwarmData.All(_sample.Torrent.PieceCount + bits).Bytes.ToArray()[..^1], (byte)(SwarmData.All(_sample.Torrent.PieceCount + bits).Bytes[^1] | spare)]);

    /// <summary>Misbehaves until the connection ends.</summary>
    private async Task AttackAsync(Socket socket)
    {
        byte[] opening = Kind switch
        {
            HostileKind.LongBitfield => Everything(bits: 8),
            HostileKind.ShortBitfield => Everything(bits: -8),
            HostileKind.SpareBits => Everything(spare: 1),
            _ => Everything(),
        };
        await socket.SendAsync((byte[])[.. opening, .. Message(MessageId.Unchoke)], _stop.Token);
        byte[] worst = Worst();
        if (worst.Length == 0)
            return;
        if (Kind is HostileKind.TruncatedMessages or HostileKind.LengthAlone)
        {
            await socket.SendAsync(worst, _stop.Token);
            if (Kind == HostileKind.LengthAlone)
                return;
            socket.Dispose();
            _ended.TrySetResult();
            return;
        }

        byte[] many = Repeat(worst);
        while (true)
        {
            for (ReadOnlyMemory<byte> rest = many; !rest.IsEmpty;)
                rest = rest[await socket.SendAsync(rest, _stop.Token)..];
        }
    }

    /// <summary>The bytes it sends repeatedly; none if it only answers requests.</summary>
    private byte[] Worst() => Kind switch
    {
        HostileKind.TruncatedMessages => Message(MessageId.Piece, new byte[5000])[..3000],
        HostileKind.LengthAlone => [0, 0x0F, 0xFF, 0xFF, (byte)MessageId.Extended],
        HostileKind.OversizedMessage => [0x7F, 0xFF, 0xFF, 0xFF, 7],
        HostileKind.UnknownMessages => Message((MessageId)200, 1, 2, 3),
        HostileKind.UnknownExtensionMessages => Message(MessageId.Extended, 99, (byte)'d', (byte)'e'),
        HostileKind.RepeatedBitfield => Everything(),
        HostileKind.HaveOutOfRange => Message(MessageId.Have, 0x7F, 0xFF, 0xFF, 0xFF),
        HostileKind.HavesWithoutEnd => Message(MessageId.Have, 0, 0, 0, 0),
        HostileKind.UnaskedPieces => Block(_sample.Torrent.PieceCount - 1, 0, 100),
        HostileKind.RequestsBeyondThePiece => Message(MessageId.Request, [0, 0, 0, 0, .. Number(_sample.Torrent.PieceLength), .. Number(16384)]),
        HostileKind.RequestsWithoutEnd => [.. Message(MessageId.Interested), .. Message(MessageId.Request, [0, 0, 0, 0, 0, 0, 0, 0, .. Number(16384)])],
        HostileKind.InterestToAndFro => [.. Message(MessageId.Interested), .. Message(MessageId.NotInterested)],
        HostileKind.ChokesToAndFro => [.. Message(MessageId.Choke), .. Message(MessageId.Unchoke)],
        HostileKind.ExchangeWithoutEnd => Message(MessageId.Extended, [PeerExchangeMessage.OwnId, .. "d5:added600:"u8, .. Addresses(), (byte)'e']),
        HostileKind.ExtensionHandshakesWithoutEnd => Message(MessageId.Extended, [0, .. "d1:md6:ut_pexi1e11:ut_metadatai2eee"u8]),
        HostileKind.MetadataRequestsWithoutEnd => [.. Message(MessageId.Extended, [0, .. "d1:md11:ut_metadatai2eee"u8]), .. Repeat(Message(MessageId.Extended, [MetadataMessage.OwnId, .. "d8:msg_typei0e5:piecei0ee"u8]))],
        HostileKind.KeepAlivesWithoutEnd => [0, 0, 0, 0],
        _ => [],
    };

    private static byte[] Addresses()
    {
        byte[] addresses = new byte[600];
        Random.Shared.NextBytes(addresses);
        for (int i = 0; i < addresses.Length; i += 6)
            (addresses[i], addresses[i + 1]) = (127, 0); // on this machine, without a listener
        return addresses;
    }

    private static byte[] Repeat(byte[] message)
    {
        int times = Math.Max(1, 16_000 / message.Length);
        byte[] all = new byte[times * message.Length];
        for (int i = 0; i < times; i++)
            message.CopyTo(all, i * message.Length);
        return all;
    }

    private async Task ReadRequestsAsync(Socket socket)
    {
        if (Kind == HostileKind.SilentAfterUnchoke || Kind == HostileKind.OneByteASecond)
            await socket.SendAsync((byte[])[.. Everything(), .. Message(MessageId.Unchoke)], _stop.Token);
        while (true)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(socket, 4));
            byte[] message = await ReadAsync(socket, length);
            if (length != 13 || (MessageId)message[0] != MessageId.Request || !PeerMessage.TryReadBlock(message.AsSpan(1), out BlockRequest block))
                continue;
            byte[] data = _sample.Piece(block.Piece).Slice(block.Begin, block.Length).ToArray();
            int number = Interlocked.Increment(ref _answered);
            if (Kind == HostileKind.WrongData || (Kind == HostileKind.WrongDataInOneBlockOfHundred && number % 100 == 3))
            {
                data[^1] ^= 1;
                await socket.SendAsync(Block(block.Piece, block.Begin, data), _stop.Token);
                _lied.TrySetResult();
            }
            else if (Kind == HostileKind.WrongDataInOneBlockOfHundred)
            {
                await socket.SendAsync(Block(block.Piece, block.Begin, data), _stop.Token);
            }
            else if (Kind == HostileKind.WrongOffset)
            {
                for (int i = 0; i < 100; i++)
                    await socket.SendAsync(Block(block.Piece, block.Begin + 1, data), _stop.Token);
            }
            else if (Kind == HostileKind.ShortBlocks)
            {
                await socket.SendAsync(Block(block.Piece, block.Begin, data[..100]), _stop.Token);
            }
            else if (Kind == HostileKind.OneByteASecond)
            {
                await DripAsync(socket, Block(block.Piece, block.Begin, data));
            }
        }
    }

    private async Task DripAsync(Socket socket, byte[] bytes)
    {
        foreach (byte one in bytes)
        {
            await socket.SendAsync((byte[])[one], _stop.Token);
            await Task.Delay(TimeSpan.FromSeconds(1), _time, _stop.Token);
        }
    }

    private static byte[] Block(int piece, int begin, int length) => Block(piece, begin, new byte[length]);

    private static byte[] Block(int piece, int begin, byte[] data) => Message(MessageId.Piece, [.. Number(piece), .. Number(begin), .. data]);

    private static byte[] Number(int number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] Message(MessageId id, params byte[] payload)
    {
        byte[] bytes = new byte[5 + payload.Length];
        PeerMessage.WriteHeader(bytes, id, payload.Length);
        payload.CopyTo(bytes, 5);
        return bytes;
    }

    private async Task<byte[]> ReadAsync(Socket socket, int length)
    {
        byte[] bytes = new byte[length];
        for (int count = 0; count < length;)
        {
            int received = await socket.ReceiveAsync(bytes.AsMemory(count), _stop.Token);
            if (received == 0)
                throw new EndOfStreamException();
            count += received;
        }

        return bytes;
    }
}
