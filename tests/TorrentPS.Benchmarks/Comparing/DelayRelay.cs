using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace TorrentPS.Benchmarks.Comparing;

/// <summary>
/// A longer path to a peer: forwards bytes after a delay, each way, at any rate. The bytes in transit are bounded as in a network with ample buffers, so that only the
/// delay counts.
/// </summary>
internal sealed class DelayRelay : IDisposable
{
    private const int ChunkLength = 128 * 1024;
    private const int ChunksOnTheWay = 1024;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _target;
    private readonly TimeSpan _delay;
    private readonly CancellationTokenSource _ending = new();

    /// <param name="target">The peer.</param>
    /// <param name="delay">The one-way delay.</param>
    public DelayRelay(IPEndPoint target, TimeSpan delay)
    {
        _target = target;
        _delay = delay;
        _listener.Bind(LoopbackAddress.Next());
        _listener.Listen(128);
        _ = AcceptAsync();
    }

    /// <summary>The address at which the peer can now be reached.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    public void Dispose()
    {
        _ending.Cancel();
        _listener.Dispose();
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        CancellationToken token = _ending.Token;
        try
        {
            while (true)
                _ = RelayAsync(await _listener.AcceptAsync(token).ConfigureAwait(false), token);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It is being disposed.
        }
    }

    private async Task RelayAsync(Socket near, CancellationToken token)
    {
        using (near)
        using (var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            near.NoDelay = far.NoDelay = true;
            try
            {
                await Task.Delay(_delay * 2, token).ConfigureAwait(false); // connecting takes a round trip
                await far.ConnectAsync(_target, token).ConfigureAwait(false);
                await Task.WhenAny(PassAsync(near, far, token), PassAsync(far, near, token)).Unwrap().ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // One side has closed; so does the other.
            }
        }
    }

    private async Task PassAsync(Socket from, Socket to, CancellationToken token)
    {
        var onTheWay = Channel.CreateBounded<(byte[] Bytes, int Length, long DueAt)>(ChunksOnTheWay);
        Task sending = SendAsync(onTheWay.Reader, to, token);
        try
        {
            while (true)
            {
                byte[] bytes = System.Buffers.ArrayPool<byte>.Shared.Rent(ChunkLength);
                int length = await from.ReceiveAsync(bytes, token).ConfigureAwait(false);
                if (length == 0)
                    break;
                await onTheWay.Writer.WriteAsync((bytes, length, Environment.TickCount64 + (long)_delay.TotalMilliseconds), token).ConfigureAwait(false);
            }
        }
        finally
        {
            onTheWay.Writer.Complete();
        }

        await sending.ConfigureAwait(false);
    }

    private static async Task SendAsync(ChannelReader<(byte[] Bytes, int Length, long DueAt)> onTheWay, Socket to, CancellationToken token)
    {
        await foreach ((byte[] bytes, int length, long dueAt) in onTheWay.ReadAllAsync(token).ConfigureAwait(false))
        {
            long early = dueAt - Environment.TickCount64;
            if (early > 0)
                await Task.Delay((int)early, token).ConfigureAwait(false);
            for (int sent = 0; sent < length;)
                sent += await to.SendAsync(bytes.AsMemory(sent, length - sent), token).ConfigureAwait(false);
            System.Buffers.ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
