using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>The socket of a UDP tracker: answers datagrams one after the other.</summary>
internal sealed class TrackerUdpListener : IAsyncDisposable
{
    private const int WantedReceiveBuffer = 1 << 20;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    private readonly Socket _socket;
    private readonly TrackerUdpService _service;
    private readonly Action<string>? _log;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _answering;

    public TrackerUdpListener(Socket socket, TrackerUdpService service, Action<string>? log)
    {
        (_socket, _service, _log) = (socket, service, log);
        // Thousands of clients may announce at the same moment; the system grants what it allows.
        socket.ReceiveBufferSize = Math.Max(socket.ReceiveBufferSize, WantedReceiveBuffer);
        _answering = Task.Run(AnswerAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _answering.ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task AnswerAsync()
    {
        byte[] datagram = GC.AllocateUninitializedArray<byte>(TrackerUdpService.MaxRequestLength, pinned: true);
        byte[] reply = GC.AllocateUninitializedArray<byte>(TrackerUdpService.MaxReplyLength, pinned: true);
        var from = new SocketAddress(_socket.AddressFamily);
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                int length = await _socket.ReceiveFromAsync(datagram, SocketFlags.None, from, _ending.Token).ConfigureAwait(false);
                if (!TryRead(from, out PeerKey address))
                    continue;
                length = _service.Answer(datagram.AsSpan(0, length), address, reply);
                if (length > 0)
                    await _socket.SendToAsync(reply.AsMemory(0, length), SocketFlags.None, from, _ending.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception)
            {
                // A datagram that is too long (reported only by Windows), or no buffer space to send: neither is a reason to stop. Any other error may persist, and must
                // not cause a busy loop.
                if (exception.SocketErrorCode != SocketError.MessageSize)
                    await Task.Delay(s_pause, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // A fault loses this datagram, not the tracker.
                _log?.Invoke($"A datagram is left unanswered by a fault of this program: {exception}");
            }
        }
    }

    /// <summary>Reads an address in the system's format, without creating objects. Port 0 cannot be answered.</summary>
    private static bool TryRead(SocketAddress from, out PeerKey address)
    {
        ReadOnlySpan<byte> bytes = from.Buffer.Span[..from.Size];
        address = default;
        bool isIPv6 = from.Family == AddressFamily.InterNetworkV6;
        if (bytes.Length < (isIPv6 ? 24 : 8))
            return false;
        // sockaddr_in: family, port, address; sockaddr_in6: family, port, flow information, address.
        address = PeerKey.Create(isIPv6 ? bytes.Slice(8, 16) : bytes.Slice(4, 4), 0);
        return BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) != 0;
    }
}
