using System.Buffers;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Transport;

/// <summary>
/// The UDP port of a client, for IPv6 and IPv4. Several protocols share it, and the first byte tells them apart: a message of the DHT is a
/// dictionary and begins with 'd' (BEP 5); a packet of uTP begins with its type and version, which is never that (BEP 29).
/// </summary>
internal sealed class UdpPort : IAsyncDisposable
{
    private const int MaxDatagram = 8 * 1024;
    private const int BufferLength = 1 << 20;
    private const int SioUdpConnReset = -1744830452; // SIO_UDP_CONNRESET of Windows

    private readonly Socket _socket;
    private readonly CancellationTokenSource _stopping = new();
    private volatile IDatagramConsumer? _dht;
    private volatile IDatagramConsumer? _other;
    private Task _receiving = Task.CompletedTask;

    private UdpPort(Socket socket)
    {
        _socket = socket;
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>The port's number.</summary>
    public int Port { get; }

    /// <summary>Whether the machine has IPv6.</summary>
    public bool HasV6 => _socket.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>Opens a port, or any free one when it is taken.</summary>
    /// <exception cref="TorrentException">No port can be opened.</exception>
    public static UdpPort Open(int port)
    {
        Socket socket;
        try
        {
            socket = Bind(port);
        }
        catch (SocketException e) when (port != 0 && e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            socket = Bind(0);
        }
        catch (SocketException e)
        {
            throw new TorrentException(TorrentErrorId.Unexpected, $"UDP port {port} cannot be opened: {e.Message}.", e);
        }

        var opened = new UdpPort(socket);
        opened._receiving = Task.Run(opened.ReceiveAsync);
        return opened;
    }

    /// <summary>Gives the messages of the DHT to a consumer from now on.</summary>
    public void AttachDht(IDatagramConsumer? consumer) => _dht = consumer;

    /// <summary>Gives everything else to a consumer from now on.</summary>
    public void AttachOther(IDatagramConsumer? consumer) => _other = consumer;

    /// <summary>Sends a datagram; what cannot be sent is lost, as it may be on the way.</summary>
    public void Send(ReadOnlySpan<byte> datagram, IPEndPoint to)
    {
        try
        {
            _socket.SendTo(datagram, SocketFlags.None, to);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // no route, no room, no network: as if lost
        }
    }

    private static Socket Bind(int port)
    {
        try
        {
            return Bind(new IPEndPoint(IPAddress.IPv6Any, port));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable)
        {
            return Bind(new IPEndPoint(IPAddress.Any, port)); // a machine without IPv6
        }
    }

    private static Socket Bind(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = true;
            socket.ReceiveBufferSize = BufferLength;
            socket.SendBufferSize = BufferLength;
            // Otherwise Windows fails the next receive when a peer that was sent something is not there.
            if (OperatingSystem.IsWindows())
                socket.IOControl(SioUdpConnReset, [0, 0, 0, 0], null);
            socket.Bind(endPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxDatagram);
        EndPoint any = new IPEndPoint(HasV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                SocketReceiveFromResult result = await _socket.ReceiveFromAsync(buffer.AsMemory(0, MaxDatagram), SocketFlags.None, any, _stopping.Token).ConfigureAwait(false);
                if (result.ReceivedBytes == 0)
                    continue;
                IDatagramConsumer? consumer = buffer[0] == 'd' ? _dht : _other;
                consumer?.Receive(buffer.AsSpan(0, result.ReceivedBytes), Plain((IPEndPoint)result.RemoteEndPoint));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                break;
            }
            catch (SocketException)
            {
                // A datagram that is too long, or word of one that did not arrive: nothing to do with the next. Out of memory passes.
                await Task.Delay(5).ConfigureAwait(false);
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static IPEndPoint Plain(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;

    /// <summary>Closes it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _receiving.ConfigureAwait(false);
        _stopping.Dispose();
    }
}
