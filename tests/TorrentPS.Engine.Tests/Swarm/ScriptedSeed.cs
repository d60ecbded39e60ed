using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Tests.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>A seed on loopback, written without the engine's session, that answers each request as a test says.</summary>
internal sealed class ScriptedSeed : IDisposable
{
    private static int s_count;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Socket> _open = [];
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Sample _sample;
    private readonly byte[] _peerId = Encoding.ASCII.GetBytes($"-XX0001-{Interlocked.Increment(ref s_count):000000000000}");
    private readonly TaskCompletionSource _firstRequest = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _firstBlock = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _connections;

    public ScriptedSeed(Sample sample)
    {
        _sample = sample;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The answer to a request: its data, other bytes, or null for none.</summary>
    public Func<BlockRequest, byte[], byte[]?> Answer { get; init; } = (_, data) => data;

    /// <summary>Whether it supports the fast extension (BEP 6): it rejects requests that it does not answer.</summary>
    public bool IsFast { get; init; }

    /// <summary>The pieces that it allows to a choked peer (BEP 6); null if it chokes no peer.</summary>
    public int[]? AllowedFast { get; init; }

    /// <summary>Precedes the answer to any request.</summary>
    public Task Begin { get; init; } = Task.CompletedTask;

    /// <summary>Precedes the answer to one request, while others continue.</summary>
    public Func<BlockRequest, Task> Delay { get; init; } = _ => Task.CompletedTask;

    /// <summary>The answer to a request for hashes (BEP 52), null to reject it. If set, it supports version 2.</summary>
    public Func<HashRange, byte[]?>? Hashes { get; init; }

    /// <summary>Precedes its unchoke.</summary>
    public Task Unchokes { get; init; } = Task.CompletedTask;

    /// <summary>Completes when a block is requested.</summary>
    public Task FirstRequest => _firstRequest.Task;

    /// <summary>Completes when it has sent a block.</summary>
    public Task FirstBlock => _firstBlock.Task;

    /// <summary>Completes when the other side has closed a connection.</summary>
    public Task Gone => _gone.Task;

    /// <summary>Whether a connection, numbered from 1, is closed right after the handshakes.</summary>
    public Predicate<int> ClosesAtOnce { get; init; } = _ => false;

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public int Connections => Volatile.Read(ref _connections);

    public ConcurrentQueue<BlockRequest> Requests { get; } = [];

    public ConcurrentQueue<BlockRequest> Cancels { get; } = [];

    /// <summary>The number of connections closed by the other side.</summary>
    public int Ended => Volatile.Read(ref _ended);

    private int _ended;

    public void Dispose()
    {
        _listener.Stop();
        foreach (Socket socket in _open)
            socket.Dispose();
        _turn.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync();
                _open.Add(socket);
                _ = ServeAsync(socket, Interlocked.Increment(ref _connections));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket socket, int number)
    {
        try
        {
            byte[] handshake = await ReadAsync(socket, Handshake.Length);
            handshake.AsSpan(Handshake.ReservedOffset, 8).Clear();
            handshake[Handshake.ReservedOffset + 7] = (byte)((IsFast ? 4 : 0) | (Hashes is null ? 0 : 0x10));
            if (Hashes is not null)
                _sample.Torrent.InfoHash.V2[..InfoHash.V1Length].CopyTo(handshake.AsSpan(Handshake.InfoHashOffset)); // a connection of version 2
            _peerId.CopyTo(handshake, Handshake.PeerIdOffset);
            await socket.SendAsync(handshake);
            if (ClosesAtOnce(number))
            {
                socket.Dispose();
                return;
            }

            int count = _sample.Torrent.PieceCount;
            byte[] bitfield = SwarmData.All(count).Bytes.ToArray();
            bool isLate = !Unchokes.IsCompleted;
            byte[] opening = new byte[5 + bitfield.Length + (isLate ? 0 : Math.Max(5, 9 * (AllowedFast?.Length ?? 0)))];
            PeerMessage.WriteHeader(opening, MessageId.Bitfield, bitfield.Length);
            bitfield.CopyTo(opening, 5);
            for (int i = 0; i < AllowedFast?.Length; i++)
                PeerMessage.WritePiece(opening.AsSpan(5 + bitfield.Length + 9 * i), MessageId.AllowedFast, AllowedFast[i]);
            if (AllowedFast is null && !isLate)
                PeerMessage.WriteState(opening.AsSpan(5 + bitfield.Length), MessageId.Unchoke);
            await socket.SendAsync(opening);
            if (isLate)
                _ = UnchokeAsync(socket);
            while (true)
            {
                int length = BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(socket, 4));
                byte[] message = await ReadAsync(socket, length);
                if (length > 0 && message[0] == (byte)MessageId.HashRequest && Hashes is not null)
                    await AnswerHashesAsync(socket, message.AsMemory(1));
                else if (length == 13 && PeerMessage.TryReadBlock(message.AsSpan(1), out BlockRequest block))
                    await AnswerAsync(socket, (MessageId)message[0], block);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or EndOfStreamException)
        {
            Interlocked.Increment(ref _ended);
            _gone.TrySetResult();
        }
    }

    private async Task AnswerAsync(Socket socket, MessageId id, BlockRequest block)
    {
        if (id == MessageId.Cancel)
        {
            Cancels.Enqueue(block);
            return;
        }

        Requests.Enqueue(block);
        _firstRequest.TrySetResult();
        await Begin;
        Task delay = Delay(block);
        if (delay.IsCompleted)
            await SendBlockAsync(socket, block);
        else
            _ = SendLaterAsync(socket, block, delay);
    }

    private async Task SendLaterAsync(Socket socket, BlockRequest block, Task delay)
    {
        try
        {
            await delay;
            await SendBlockAsync(socket, block);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has disconnected meanwhile.
        }
    }

    private async Task UnchokeAsync(Socket socket)
    {
        await Unchokes;
        byte[] unchoke = new byte[5];
        PeerMessage.WriteState(unchoke, MessageId.Unchoke);
        await SendAsync(socket, unchoke);
    }

    private async Task AnswerHashesAsync(Socket socket, ReadOnlyMemory<byte> request)
    {
        HashMessage.TryRead(request.Span, out ReadOnlySpan<byte> root, out HashRange range, out _);
        byte[]? hashes = Hashes!(range);
        byte[] answer = new byte[HashMessage.Length + (hashes?.Length ?? 0)];
        HashMessage.Write(answer, hashes is null ? MessageId.HashReject : MessageId.Hashes, root, range, hashes?.Length ?? 0);
        hashes?.CopyTo(answer, HashMessage.Length);
        await SendAsync(socket, answer);
    }

    private async Task SendBlockAsync(Socket socket, BlockRequest block)
    {
        if (Answer(block, _sample.Piece(block.Piece).Slice(block.Begin, block.Length).ToArray()) is not { } data)
        {
            if (IsFast)
            {
                byte[] reject = new byte[PeerMessage.RequestLength];
                PeerMessage.WriteBlock(reject, MessageId.Reject, block);
                await SendAsync(socket, reject);
            }

            return;
        }

        byte[] answer = new byte[PeerMessage.PieceHeaderLength + data.Length];
        PeerMessage.WritePieceHeader(answer, block with { Length = data.Length });
        data.CopyTo(answer, PeerMessage.PieceHeaderLength);
        await SendAsync(socket, answer);
        _firstBlock.TrySetResult();
    }

    /// <summary>Sends a whole message; delayed ones may be due at the same time.</summary>
    private async Task SendAsync(Socket socket, byte[] message)
    {
        await _turn.WaitAsync();
        try
        {
            await socket.SendAsync(message);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int length)
    {
        byte[] bytes = new byte[length];
        for (int count = 0; count < length;)
        {
            int received = await socket.ReceiveAsync(bytes.AsMemory(count));
            if (received == 0)
                throw new EndOfStreamException();
            count += received;
        }

        return bytes;
    }
}
