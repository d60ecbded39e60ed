using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Local;

/// <summary>Every network that this machine is in, by IPv4 and by IPv6: joins the groups of local discovery in each, and sends into each.</summary>
/// <param name="binding">The only one that it is to be; null means every one.</param>
/// <param name="log">Gets what happens that must not.</param>
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
                    failure = exception; // the other family may do
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
                // The network is down, or we have another address in it; what comes next finds out.
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
            // What has joined a group listens everywhere; what sends into one network has our address in it.
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
            // Every client of the machine listens on this port.
            group.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (isV6)
                group.DualMode = false;
            group.SetSocketOption(LevelOf(family), SocketOptionName.PacketInformation, true);
            ListeningSocket.PassOverUnreachable(group);
            // Otherwise Linux gives it what comes to the groups that other programs have joined elsewhere.
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

    /// <summary>Joins the groups in the networks that are new.</summary>
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
                    // That network is not to be had, or it was joined before.
                }
            }
        }
    }

    /// <summary>What sends into one network, from our own address in it, which is what others connect to.</summary>
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
            return false; // it is lost, as it might be on its way
        }
    }

    /// <summary>The interfaces that carry multicast of a family, by number, and our address on each.</summary>
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
                // One that means something without the number of an interface comes first.
                IPAddress? own = properties.UnicastAddresses.Select(address => address.Address)
                    .Where(address => address.AddressFamily == family && binding?.Has(network.Name, address) is not false).OrderBy(address => address.IsIPv6LinkLocal).FirstOrDefault();
                int? index = family == AddressFamily.InterNetworkV6 ? properties.GetIPv6Properties()?.Index : properties.GetIPv4Properties()?.Index;
                if (own is not null && index is > 0 and int number)
                    networks.Add((number, own));
            }
        }
        catch (NetworkInformationException)
        {
            // Nothing is known of the networks now.
        }

        return networks;
    }

    /// <param name="socket">What receives.</param>
    /// <param name="to">The only address that is received for: what is sent to us alone may come from anywhere. Null for answers to what we sent.</param>
    /// <param name="received">Gets the messages.</param>
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
                // A message that is too long, or a network that is gone: neither ends the listening, nor may it spin.
                await Task.Delay(20).ConfigureAwait(false);
            }
            catch (Exception exception) // a fault of this program costs this message, and not the listening
            {
                log?.Invoke($"Local discovery: a message is left out by a fault of this program: {exception}");
            }
        }
    }

    private static IPAddress WithoutScope(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;
}
