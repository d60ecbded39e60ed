using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Local;

/// <summary>All networks of this machine, IPv4 and IPv6: joins the groups of local discovery in each, and sends to each.</summary>
/// <param name="binding">The only address or interface to use; null for all.</param>
/// <param name="log">Receives errors that should not happen.</param>
internal sealed class MulticastNetwork(NetworkBinding? binding = null, Action<string>? log = null) : ILocalNetwork
{
    private const int Ip = 0, Ipv6 = 41, IpMulticastAll = 49, Ipv6MulticastAll = 29; // Linux
    private const int Hops = 32; // the groups reach beyond one network (BEP 14, "Protocol")

    private readonly Lock _lock = new();
    private readonly Dictionary<AddressFamily, Socket> _groups = [];
    private readonly Dictionary<(AddressFamily Family, int Interface), Socket> _senders = [];
    private readonly CancellationTokenSource _ending = new();
    private Action<ReadOnlyMemory<byte>, IPEndPoint>? _received;

    /// <inheritdoc/>
    public void Open(Action<ReadOnlyMemory<byte>, IPEndPoint> received)
    {
        _received = received;
        SocketException? failure = null;
        lock (_lock)
        {
            foreach (AddressFamily family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            {
                if (binding?.Has(family) is false)
                    continue;
                try
                {
                    Open(family);
                }
                catch (SocketException exception)
                {
                    failure = exception; // the other family may work
                }
            }

            if (_groups.Count == 0 && failure is not null)
                throw failure;
            Join();
        }
    }

    /// <inheritdoc/>
    public void SendToAll(Func<AddressFamily, byte[]> message)
    {
        lock (_lock)
        {
            Join(); // networks come and go
            foreach (((AddressFamily family, int index), Socket sender) in _senders.ToArray())
            {
                IPAddress group = family == AddressFamily.InterNetworkV6 ? LocalGroups.V6 : LocalGroups.V4;
                if (TrySend(sender, message(family), new IPEndPoint(group, LocalGroups.Port)))
                    continue;
                // The network is down, or our address in it has changed; the next attempt will tell.
                _senders.Remove((family, index));
                sender.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Send(byte[] message, IPEndPoint to)
    {
        lock (_lock)
        {
            // A socket that has joined a group listens everywhere; a socket that sends to one network has our address in it.
            Socket? socket = binding is null ? _groups.GetValueOrDefault(to.AddressFamily) : _senders.FirstOrDefault(one => one.Key.Family == to.AddressFamily).Value;
            if (socket is not null)
                TrySend(socket, message, to);
        }
    }

    public void Dispose()
    {
        _ending.Cancel();
        lock (_lock)
        {
            foreach (Socket socket in (Socket[])[.. _groups.Values, .. _senders.Values])
                socket.Dispose();
            _groups.Clear();
            _senders.Clear();
        }

        _ending.Dispose();
    }

    private void Open(AddressFamily family)
    {
        bool isV6 = family == AddressFamily.InterNetworkV6;
        var group = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            // Every client on the machine listens on this port.
            group.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (isV6)
                group.DualMode = false;
            group.SetSocketOption(LevelOf(family), SocketOptionName.PacketInformation, true);
            ListeningSocket.PassOverUnreachable(group);
            // Otherwise Linux also delivers messages to groups that other programs have joined elsewhere.
            if (binding is not null && OperatingSystem.IsLinux())
                group.SetRawSocketOption(isV6 ? Ipv6 : Ip, isV6 ? Ipv6MulticastAll : IpMulticastAll, BitConverter.GetBytes(0));
            group.Bind(new IPEndPoint(isV6 ? IPAddress.IPv6Any : IPAddress.Any, LocalGroups.Port));
        }
        catch
        {
            group.Dispose();
            throw;
        }

        _groups.Add(family, group);
        _ = ReceiveAsync(group, isV6 ? LocalGroups.V6 : LocalGroups.V4, _received!);
    }

    /// <summary>Joins the groups in new networks.</summary>
    private void Join()
    {
        foreach ((AddressFamily family, Socket group) in _groups)
        {
            foreach ((int index, IPAddress own) in Networks(family))
            {
                if (_senders.ContainsKey((family, index)))
                    continue;
                try
                {
                    Socket sender = Sender(family, index, own);
                    _senders.Add((family, index), sender);
                    _ = ReceiveAsync(sender, null, _received!);
                    if (family == AddressFamily.InterNetworkV6)
                        group.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(LocalGroups.V6, index));
                    else
                        group.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(LocalGroups.V4, index));
                }
                catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
                {
                    // The network is unavailable, or was already joined.
                }
            }
        }
    }

    /// <summary>The socket that sends to one network, from our own address in it, to which others connect.</summary>
    private Socket Sender(AddressFamily family, int index, IPAddress own)
    {
        var sender = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (binding is { Address: null })
                binding.Leave(sender);
            SocketOptionLevel level = LevelOf(family);
            sender.SetSocketOption(level, SocketOptionName.MulticastInterface, family == AddressFamily.InterNetworkV6 ? index : IPAddress.HostToNetworkOrder(index));
            sender.SetSocketOption(level, SocketOptionName.MulticastTimeToLive, Hops);
            sender.SetSocketOption(level, SocketOptionName.MulticastLoopback, true);
            ListeningSocket.PassOverUnreachable(sender);
            sender.Bind(new IPEndPoint(own, 0));
            return sender;
        }
        catch
        {
            sender.Dispose();
            throw;
        }
    }

    private static SocketOptionLevel LevelOf(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? SocketOptionLevel.IPv6 : SocketOptionLevel.IP;

    private static bool TrySend(Socket socket, byte[] message, IPEndPoint to)
    {
        try
        {
            socket.SendTo(message, to);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false; // lost, as on the network
        }
    }

    /// <summary>The interfaces with multicast for an address family, by index, and our address on each.</summary>
    private List<(int Index, IPAddress Own)> Networks(AddressFamily family)
    {
        List<(int, IPAddress)> networks = [];
        try
        {
            foreach (NetworkInterface network in NetworkInterface.GetAllNetworkInterfaces())
            {
                if (!network.SupportsMulticast || network.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown))
                    continue;
                IPInterfaceProperties properties = network.GetIPProperties();
                // An address that is valid without an interface index comes first.
                IPAddress? own = properties.UnicastAddresses.Select(address => address.Address)
                    .Where(address => address.AddressFamily == family && binding?.Has(network.Name, address) is not false).OrderBy(address => address.IsIPv6LinkLocal).FirstOrDefault();
                int? index = family == AddressFamily.InterNetworkV6 ? properties.GetIPv6Properties()?.Index : properties.GetIPv4Properties()?.Index;
                if (own is not null && index is > 0 and int number)
                    networks.Add((number, own));
            }
        }
        catch (NetworkInformationException)
        {
            // The networks are currently unknown.
        }

        return networks;
    }

    /// <param name="socket">The receiving socket.</param>
    /// <param name="to">The only destination address accepted, because unicast messages may come from anywhere. Null for answers to our messages.</param>
    /// <param name="received">Receives the messages.</param>
    internal async Task ReceiveAsync(Socket socket, IPAddress? to, Action<ReadOnlyMemory<byte>, IPEndPoint> received)
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
                    received(buffer.AsMemory(0, result.ReceivedBytes), (IPEndPoint)result.RemoteEndPoint);
                }
                else
                {
                    SocketReceiveMessageFromResult result = await socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, any, _ending.Token).ConfigureAwait(false);
                    if (WithoutScope(result.PacketInformation.Address).Equals(to))
                        received(buffer.AsMemory(0, result.ReceivedBytes), (IPEndPoint)result.RemoteEndPoint);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A message that is too long, or a network that is gone, must neither end the loop nor make it spin.
                await Task.Delay(20).ConfigureAwait(false);
            }
            catch (Exception exception) // a fault of this program loses this message, not the listener
            {
                log?.Invoke($"Local discovery: a message is left out by a fault of this program: {exception}");
            }
        }
    }

    private static IPAddress WithoutScope(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;
}
