using System.Buffers;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Net;

/// <summary>
/// The UDP port of a client, for IPv6 and IPv4. Several protocols share it, distinguished by the first byte: a DHT message is a dictionary and begins with 'd' (BEP 5); a
/// uTP packet begins with its type and version, which is never 'd' (BEP 29).
/// </summary>
internal sealed class UdpPort : IAsyncDisposable
{
    private const int MaxDatagram = 8 * 1024;
    private const int BufferLength = 1 << 20;
    private const int MaxInTurn = 64; // datagrams received before acknowledgements are sent

    private readonly Socket _socket;
    private readonly IPFilter? _filter;
    private readonly Action<string>? _log;
    private readonly IPEndPoint _any;
    private readonly CancellationTokenSource _stopping = new();
    private volatile IDatagramConsumer? _dht;
    private volatile IPacketConsumer? _other;
    private readonly PathOptions _path;
    private readonly Lock _sending = new();
    private Task _receiving = Task.CompletedTask;

    private UdpPort(Socket socket, IPFilter? filter, Action<string>? log)
    {
        _log = log;
        _socket = socket;
        _filter = filter;
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        HasV4 = socket.AddressFamily == AddressFamily.InterNetwork || socket.DualMode;
        _path = new PathOptions(socket);
        _any = new IPEndPoint(HasV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
    }

    /// <summary>The port number.</summary>
    public int Port { get; }

    /// <summary>Whether IPv6 addresses can be reached.</summary>
    public bool HasV6 => _socket.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>Whether IPv4 addresses can be reached.</summary>
    public bool HasV4 { get; }

    /// <summary>Whether addresses of a family can be reached.</summary>
    public bool Reaches(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? HasV6 : HasV4;

    /// <summary>Opens a port, or any free one if it is in use.</summary>
    /// <param name="port">The port number; 0 selects any free port.</param>
    /// <param name="filter">Blocked addresses; null for none.</param>
    /// <param name="binding">The only address or interface to use; null for all.</param>
    /// <param name="log">Receives errors that should not happen.</param>
    /// <param name="trafficClass">The traffic class of packets; null leaves them unmarked.</param>
    /// <exception cref="TorrentException">No port can be opened.</exception>
    public static UdpPort Open(int port, IPFilter? filter = null, NetworkBinding? binding = null, Action<string>? log = null, TrafficClass? trafficClass = null)
    {
        Socket socket;
        try
        {
            socket = Bind(port, binding);
        }
        catch (SocketException e) when (port != 0 && e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            socket = Bind(0, binding);
        }
        catch (SocketException e)
        {
            throw new TorrentException(TorrentErrorId.CannotListen, $"Cannot open UDP port {port}: {e.Message}.", e);
        }

        trafficClass?.TryMark(socket);
        var opened = new UdpPort(socket, filter, log);
        opened._receiving = Task.Run(opened.ReceiveAsync);
        return opened;
    }

    /// <summary>Sets the consumer of DHT messages.</summary>
    public void AttachDht(IDatagramConsumer? consumer) => _dht = consumer;

    /// <summary>Sets the consumer of all other datagrams.</summary>
    public void AttachOther(IPacketConsumer? consumer) => _other = consumer;

    /// <summary>Sends a datagram; on failure it is lost, as on the network.</summary>
    public void Send(ReadOnlySpan<byte> datagram, IPEndPoint to)
    {
        if (!Reaches(to.AddressFamily) || _filter?.Blocks(to.Address) is true)
            return;
        try
        {
            _socket.SendTo(datagram, SocketFlags.None, to);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // no route, no buffer space, no network: lost
        }
    }

    /// <summary>Whether a datagram can be sent with fragmentation forbidden.</summary>
    public bool CanProbe => _path.CanProbe;

    /// <summary>Converts the address of a datagram to an end point.</summary>
    public IPEndPoint EndPointOf(SocketAddress address) => ((IPEndPoint)_any.Create(address)).Unmapped();

    /// <summary>Sends consecutive datagrams, in one call if the system supports it; on failure they are lost.</summary>
    /// <param name="packets">The datagrams.</param>
    /// <param name="length">The length of each but the last, which may be shorter.</param>
    /// <param name="to">The destination, in the address format of this socket.</param>
    /// <param name="isProbe">Whether fragmentation is forbidden.</param>
    /// <returns>False if fragmentation is forbidden and the datagram is too long for this machine's own network.</returns>
    public bool SendPackets(ReadOnlySpan<byte> packets, int length, SocketAddress to, bool isProbe)
    {
        try
        {
            if (isProbe)
                return SendProbe(packets, to);
            if (packets.Length > length && _path.CanSegment && SendSegmented(packets, length, to))
                return true;
            for (; !packets.IsEmpty; packets = packets[Math.Min(length, packets.Length)..])
                _socket.SendTo(packets[..Math.Min(length, packets.Length)], SocketFlags.None, to);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // no route, no buffer space, no network: lost
        }

        return true;
    }

    private bool SendSegmented(ReadOnlySpan<byte> packets, int length, SocketAddress to)
    {
        lock (_sending)
        {
            try
            {
                _path.Segment(length);
                _socket.SendTo(packets, SocketFlags.None, to);
                return true;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.InvalidArgument or SocketError.MessageSize or SocketError.OperationNotSupported)
            {
                _path.CanSegment = false; // not supported by this network or system
                return false;
            }
            finally
            {
                _path.Segment(0);
            }
        }
    }

    private bool SendProbe(ReadOnlySpan<byte> packet, SocketAddress to)
    {
        lock (_sending)
        {
            try
            {
                _path.Fragments = false;
                _socket.SendTo(packet, SocketFlags.None, to);
                return true;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.MessageSize)
            {
                return false;
            }
            finally
            {
                _path.Fragments = true;
            }
        }
    }

    private static Socket Bind(int port, NetworkBinding? binding) => ListeningSocket.Bind(port, SocketType.Dgram, ProtocolType.Udp, binding, socket =>
    {
        socket.ReceiveBufferSize = BufferLength;
        socket.SendBufferSize = BufferLength;
    });

    private async Task ReceiveAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxDatagram);
        var from = new SocketAddress(_socket.AddressFamily);
        int inTurn = 0;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                // Closing the socket ends the receive; a token would cost something each time.
                ValueTask<int> receiving = _socket.ReceiveFromAsync(buffer.AsMemory(0, MaxDatagram), SocketFlags.None, from, CancellationToken.None);
                if (!receiving.IsCompleted || ++inTurn >= MaxInTurn)
                {
                    inTurn = 0;
                    Drained();
                }

                int length = await receiving.ConfigureAwait(false);
                if (length > 0)
                    Dispatch(buffer.AsSpan(0, length), from);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                break;
            }
            catch (SocketException e)
            {
                if (_stopping.IsCancellationRequested)
                    break;
                // A datagram that is too long, which only Windows reports, does not affect the next one. Lack of memory passes.
                if (e.SocketErrorCode != SocketError.MessageSize)
                    await Task.Delay(5).ConfigureAwait(false);
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Dispatch(ReadOnlySpan<byte> datagram, SocketAddress from)
    {
        try
        {
            if (_filter?.Blocks(from) is true)
                return;
            if (datagram[0] == 'd')
                _dht?.Receive(datagram, EndPointOf(from));
            else
                _other?.Receive(datagram, from);
        }
        catch (Exception e) // a fault of this program loses this datagram, not the port
        {
            _log?.Invoke($"A datagram from {EndPointOf(from)} is left unread by a fault of this program: {e}");
        }
    }

    private void Drained()
    {
        try
        {
            _other?.Drained();
        }
        catch (Exception e)
        {
            _log?.Invoke($"Datagrams are left unanswered by a fault of this program: {e}");
        }
    }

    /// <summary>Closes the port.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _receiving.ConfigureAwait(false);
        _stopping.Dispose();
    }
}
