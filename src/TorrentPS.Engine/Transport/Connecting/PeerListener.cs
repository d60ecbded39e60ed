using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Transport.Connecting;

/// <summary>Accepts connections from peers over TCP, IPv6 and IPv4 on one port.</summary>
internal sealed class PeerListener : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Action<PeerStream> _accepted;
    private readonly Action<string>? _log;
    private readonly TrafficClass? _trafficClass;
    private readonly CancellationTokenSource _stopping = new();
    private Task _accepting = Task.CompletedTask;

    private PeerListener(Socket socket, Action<PeerStream> accepted, Action<string>? log, TrafficClass? trafficClass)
    {
        _trafficClass = trafficClass;
        _socket = socket;
        _accepted = accepted;
        _log = log;
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>The port number.</summary>
    public int Port { get; }

    /// <summary>Starts listening.</summary>
    /// <param name="port">The port; 0 selects any free one.</param>
    /// <param name="required">Whether a port in use is an error, rather than replaced by a free one.</param>
    /// <param name="accepted">Receives each connection, on a pool thread; must not block.</param>
    /// <param name="binding">The only address or interface to listen on; null for all.</param>
    /// <param name="log">Receives errors that should not happen.</param>
    /// <param name="trafficClass">The traffic class of packets to peers; null leaves them unmarked.</param>
    public static PeerListener Start(int port, bool required, Action<PeerStream> accepted, NetworkBinding? binding = null, Action<string>? log = null, TrafficClass? trafficClass = null)
    {
        Socket socket;
        try
        {
            socket = Bind(port, binding);
        }
        catch (SocketException e) when (!required && port != 0 && e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            socket = Bind(0, binding);
        }
        catch (SocketException e)
        {
            throw new TorrentException(TorrentErrorId.CannotListen, $"Cannot listen on port {port}{(binding is null ? "" : $" at {binding}")}: {e.Message}. Choose another port, or 0 for any free one.", e);
        }

        var listener = new PeerListener(socket, accepted, log, trafficClass);
        listener._accepting = Task.Run(listener.AcceptAsync);
        return listener;
    }

    private static Socket Bind(int port, NetworkBinding? binding) =>
        ListeningSocket.Bind(port, SocketType.Stream, ProtocolType.Tcp, binding, socket => socket.Listen(512));

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket? socket = null;
            try
            {
                socket = await _socket.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                _trafficClass?.TryMark(socket);
                _accepted(new TcpPeerStream(socket, isOutgoing: false));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                socket?.Dispose();
                return;
            }
            catch (SocketException e)
            {
                socket?.Dispose();
                // A peer that left before it was accepted does not matter; lack of descriptors passes when others close.
                if (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
                    await Task.Delay(100).ConfigureAwait(false);
            }
            catch (Exception e) // a fault of this program loses this connection, not later ones
            {
                socket?.Dispose();
                _log?.Invoke($"A peer that connects is closed by a fault of this program: {e}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _accepting.ConfigureAwait(false);
        _stopping.Dispose();
    }
}
