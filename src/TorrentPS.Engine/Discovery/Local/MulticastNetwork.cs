using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace TorrentPS.Engine.Discovery.Local;

/// <summary>Every network that this machine is in, by IPv4 and by IPv6: joins the groups of local discovery in each, and sends into each.</summary>
internal sealed class MulticastNetwork : ILocalNetwork
{
    private const int Hops = 32; // the groups reach beyond one network (BEP 14, "Protocol")

    private readonly Lock _lock = new();
    private readonly HashSet<(AddressFamily Family, int Interface)> _joined = [];
    private readonly List<Socket> _groups = [];
    private readonly Dictionary<AddressFamily, Socket> _senders = [];
    private readonly CancellationTokenSource _ending = new();
    private Action<ReadOnlyMemory<byte>, IPEndPoint>? _received;

    /// <inheritdoc/>
    public void Open(Action<ReadOnlyMemory<byte>, IPEndPoint> received)
    {
        _received = received;
        SocketException? failure = null;
        foreach (AddressFamily family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
        {
            try
            {
                Open(family);
            }
            catch (SocketException exception)
            {
                failure = exception; // the other family may do
            }
        }

        if (_senders.Count == 0 && failure is not null)
            throw failure;
        lock (_lock)
            Join();
    }

    /// <inheritdoc/>
    public void SendToAll(Func<AddressFamily, byte[]> message)
    {
        lock (_lock)
        {
            Join(); // networks come and go
            foreach ((AddressFamily family, Socket socket) in _senders)
            {
                byte[] bytes = message(family);
                foreach (int index in Indices(family))
                    SendInto(socket, family, index, bytes);
            }
        }
    }

    /// <inheritdoc/>
    public void Send(byte[] message, IPEndPoint to)
    {
        lock (_lock)
        {
            try
            {
                if (_senders.TryGetValue(to.AddressFamily, out Socket? socket))
                    socket.SendTo(message, to);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // It is lost, as it might be on its way.
            }
        }
    }

    public void Dispose()
    {
        _ending.Cancel();
        lock (_lock)
        {
            foreach (Socket socket in _groups)
                socket.Dispose();
            foreach (Socket socket in _senders.Values)
                socket.Dispose();
            _senders.Clear();
        }

        _ending.Dispose();
    }

    private void Open(AddressFamily family)
    {
        bool isV6 = family == AddressFamily.InterNetworkV6;
        IPAddress any = isV6 ? IPAddress.IPv6Any : IPAddress.Any;
        var group = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        var sender = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            // Every client of the machine listens on this port.
            group.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (isV6)
                group.DualMode = sender.DualMode = false;
            SocketOptionLevel level = isV6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP;
            group.SetSocketOption(level, SocketOptionName.PacketInformation, true);
            group.Bind(new IPEndPoint(any, LocalGroups.Port));
            sender.SetSocketOption(level, SocketOptionName.MulticastTimeToLive, Hops);
            sender.SetSocketOption(level, SocketOptionName.MulticastLoopback, true);
            sender.Bind(new IPEndPoint(any, 0));
        }
        catch
        {
            group.Dispose();
            sender.Dispose();
            throw;
        }

        _groups.Add(group);
        _senders.Add(family, sender);
        _ = ReceiveAsync(group, isV6 ? LocalGroups.V6 : LocalGroups.V4);
        _ = ReceiveAsync(sender, null);
    }

    private void Join()
    {
        foreach (Socket socket in _groups)
        {
            foreach (int index in Indices(socket.AddressFamily))
            {
                if (_joined.Contains((socket.AddressFamily, index)))
                    continue;
                try
                {
                    if (socket.AddressFamily == AddressFamily.InterNetworkV6)
                        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(LocalGroups.V6, index));
                    else
                        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(LocalGroups.V4, index));
                    _joined.Add((socket.AddressFamily, index));
                }
                catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
                {
                    // That network is not to be had; it is tried again with the next message.
                }
            }
        }
    }

    private static void SendInto(Socket socket, AddressFamily family, int index, byte[] bytes)
    {
        try
        {
            if (family == AddressFamily.InterNetworkV6)
            {
                socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
                socket.SendTo(bytes, new IPEndPoint(LocalGroups.V6, LocalGroups.Port));
            }
            else
            {
                socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(index));
                socket.SendTo(bytes, new IPEndPoint(LocalGroups.V4, LocalGroups.Port));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // A network that is down, or has no route.
        }
    }

    /// <summary>The interfaces that carry multicast of a family, by number.</summary>
    private static List<int> Indices(AddressFamily family)
    {
        List<int> indices = [];
        try
        {
            foreach (NetworkInterface network in NetworkInterface.GetAllNetworkInterfaces())
            {
                if (!network.SupportsMulticast || network.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown))
                    continue;
                IPInterfaceProperties properties = network.GetIPProperties();
                if (!properties.UnicastAddresses.Any(address => address.Address.AddressFamily == family))
                    continue;
                int? index = family == AddressFamily.InterNetworkV6 ? properties.GetIPv6Properties()?.Index : properties.GetIPv4Properties()?.Index;
                if (index is > 0 and int number)
                    indices.Add(number);
            }
        }
        catch (NetworkInformationException)
        {
            // Nothing is known of the networks now.
        }

        return indices;
    }

    /// <param name="socket">What receives.</param>
    /// <param name="to">The only address that is received for: what is sent to us alone may come from anywhere. Null for answers to what we sent.</param>
    private async Task ReceiveAsync(Socket socket, IPAddress? to)
    {
        byte[] buffer = new byte[LocalAnnounce.MaxLength + 1];
        EndPoint any = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                if (to is null)
                {
                    SocketReceiveFromResult result = await socket.ReceiveFromAsync(buffer, SocketFlags.None, any, _ending.Token).ConfigureAwait(false);
                    _received!(buffer.AsMemory(0, result.ReceivedBytes), (IPEndPoint)result.RemoteEndPoint);
                }
                else
                {
                    SocketReceiveMessageFromResult result = await socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, any, _ending.Token).ConfigureAwait(false);
                    if (WithoutScope(result.PacketInformation.Address).Equals(to))
                        _received!(buffer.AsMemory(0, result.ReceivedBytes), (IPEndPoint)result.RemoteEndPoint);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Somebody's answer that nobody was there for, or a message that is too long: neither ends the listening, nor may it spin.
                await Task.Delay(20).ConfigureAwait(false);
            }
        }
    }

    private static IPAddress WithoutScope(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;
}
