using System.Buffers;
using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Net;

/// <summary>
/// The UDP port of a client, for IPv6 and IPv4. Several protocols share it, and the first byte tells them apart: a message of the DHT is a
/// dictionary and begins with 'd' (BEP 5); a packet of uTP begins with its type and version, which is never that (BEP 29).
/// </summary>
internal sealed class UdpPort : IAsyncDisposable
{
    private const int MaxDatagram = 8 * 1024;
    private const int BufferLength = 1 << 20;
    private const int MaxInTurn = 64; // datagrams until they are answered

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

    /// <summary>The port's number.</summary>
    public int Port { get; }

    /// <summary>Whether IPv6 addresses can be reached.</summary>
    public bool HasV6 => _socket.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>Whether IPv4 addresses can be reached.</summary>
    public bool HasV4 { get; }

    /// <summary>Whether addresses of a family can be reached.</summary>
    public bool Reaches(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? HasV6 : HasV4;

    /// <summary>Opens a port, or any free one when it is taken.</summary>
    /// <param name="port">The number; 0 takes any.</param>
    /// <param name="filter">The addresses that nothing is sent to and nothing taken from; null for none.</param>
    /// <param name="binding">Where it is opened alone; null means everywhere.</param>
    /// <param name="log">Gets what happens that must not.</param>
    /// <exception cref="TorrentException">No port can be opened.</exception>
    public static UdpPort Open(int port, IPFilter? filter = null, NetworkBinding? binding = null, Action<string>? log = null)
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

        var opened = new UdpPort(socket, filter, log);
        opened._receiving = Task.Run(opened.ReceiveAsync);
        return opened;
    }

    /// <summary>Gives the messages of the DHT to a consumer from now on.</summary>
    public void AttachDht(IDatagramConsumer? consumer) => _dht = consumer;

    /// <summary>Gives everything else to a consumer from now on.</summary>
    public void AttachOther(IPacketConsumer? consumer) => _other = consumer;

    /// <summary>Sends a datagram; what cannot be sent is lost, as it may be on the way.</summary>
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
            // no route, no room, no network: as if lost
        }
    }

    /// <summary>Whether a datagram can be sent that must not be fragmented.</summary>
    public bool CanProbe => _path.CanProbe;

    /// <summary>The address of a datagram as an end point.</summary>
    public IPEndPoint EndPointOf(SocketAddress address) => ((IPEndPoint)_any.Create(address)).Unmapped();

    /// <summary>Sends datagrams that lie one after the other, in one call where the system can; what cannot be sent is lost.</summary>
    /// <param name="packets">The datagrams.</param>
    /// <param name="length">The length of each but the last, which may be shorter.</param>
    /// <param name="to">Where to, in the form of this socket.</param>
    /// <param name="isProbe">Whether it is one that must not be fragmented.</param>
    /// <returns>False when it must not be fragmented and is too long for this machine's own network.</returns>
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
            // no route, no room, no network: as if lost
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
                _path.CanSegment = false; // this network or this system does not
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

    private static Socket Bind(int port, NetworkBinding? binding)
    {
        if (binding?.Address is { } address)
            return Bind(new IPEndPoint(address, port), binding);
        try
        {
            return Bind(new IPEndPoint(IPAddress.IPv6Any, port), binding);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable)
        {
            return Bind(new IPEndPoint(IPAddress.Any, port), binding); // a machine without IPv6
        }
    }

    private static Socket Bind(IPEndPoint endPoint, NetworkBinding? binding)
    {
        Socket socket = ListeningSocket.Bind(endPoint, SocketType.Dgram, ProtocolType.Udp, binding);
        try
        {
            socket.ReceiveBufferSize = BufferLength;
            socket.SendBufferSize = BufferLength;
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
        var from = new SocketAddress(_socket.AddressFamily);
        int inTurn = 0;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                // Closing the socket ends it; a token would cost something each time.
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
                // A datagram that is too long (Windows alone says so) has nothing to do with the next, and must not hold it up. Out of memory passes.
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
        catch (Exception e) // a fault of this program costs this datagram, and not the port
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

    /// <summary>Closes it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _receiving.ConfigureAwait(false);
        _stopping.Dispose();
    }
}
