using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace TorrentPS.Engine.Net;

/// <summary>
/// The address or network interface of this machine that a client uses for everything it sends and listens to: peers, trackers, web seeds, a proxy, the DHT and the local
/// network. Destinations that cannot be reached from it are not reached. The system's routes decide which interface packets from an address use; the system resolves host
/// names as usual.
/// </summary>
public sealed record NetworkBinding
{
    private const int SolSocket = 1, SoBindToDevice = 25, IpBindAddressNoPort = 24; // Linux
    private const int Ip = 0, Ipv6 = 41; // IPPROTO_IP, IPPROTO_IPV6
    private const int IpBoundIf = 25, Ipv6BoundIf = 125; // macOS

    private readonly int _index;

    private NetworkBinding(IPAddress? address, string? networkInterface, int index) => (Address, Interface, _index) = (address, networkInterface, index);

    /// <summary>The address; null if all addresses of an interface are used.</summary>
    public IPAddress? Address { get; }

    /// <summary>The name of the interface; null if it is an address.</summary>
    public string? Interface { get; }

    /// <summary>
    /// Parses an IP address of this machine, or the name of one of its network interfaces. If the system cannot bind a socket to an interface (Windows), the interface's
    /// first IPv4 address is used, or its first IPv6 address.
    /// </summary>
    /// <param name="text">The address, or the name.</param>
    /// <exception cref="FormatException">This machine has neither; the message lists what it has.</exception>
    public static NetworkBinding Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        NetworkBinding binding = IPAddress.TryParse(text.Trim('[', ']'), out IPAddress? address) ? Of(address) : OfInterface(text);
        try
        {
            using var socket = new Socket(binding.Address?.AddressFamily ?? AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            binding.Bind(socket, 0);
        }
        catch (SocketException exception) when (binding.Address is null)
        {
            throw new FormatException($"This system does not let the program use the network interface '{text}' alone ({exception.Message}): give one of its addresses.", exception);
        }
        catch (SocketException exception)
        {
            throw new FormatException($"'{text}' is not an address of this machine ({exception.Message}). It has {Interfaces(withAddresses: true)}.", exception);
        }

        return binding;
    }

    private static NetworkBinding Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            throw new FormatException($"'{address}' stands for all addresses, which are used anyway: give one address of this machine, or leave it out.");
        if (!AddressRules.IsPeer(new IPEndPoint(address, 1)))
            throw new FormatException($"'{address}' is the address of no machine: give one of this machine.");
        return new NetworkBinding(address, null, 0);
    }

    private static NetworkBinding OfInterface(string name)
    {
        NetworkInterface network = All().FirstOrDefault(one => one.Name == name)
            ?? throw new FormatException($"'{name}' is neither an IP address nor a network interface of this machine. It has {Interfaces(withAddresses: false)}.");
        if (OperatingSystem.IsLinux())
            return new NetworkBinding(null, name, 0);
        if (OperatingSystem.IsMacOS())
            return new NetworkBinding(null, name, network.GetIPProperties().GetIPv4Properties()?.Index ?? network.GetIPProperties().GetIPv6Properties().Index);
        IPAddress first = network.GetIPProperties().UnicastAddresses.Select(own => own.Address).OrderBy(own => own.AddressFamily != AddressFamily.InterNetwork).ThenBy(own => own.IsIPv6LinkLocal).FirstOrDefault()
            ?? throw new FormatException($"The network interface '{name}' has no address.");
        return new NetworkBinding(first, name, 0);
    }

    /// <summary>Whether addresses of a family can be reached from it.</summary>
    internal bool Has(AddressFamily family) => Address is null || Address.AddressFamily == family;

    /// <summary>Whether it covers an address of a network interface.</summary>
    internal bool Has(string networkInterface, IPAddress own) => Address is null ? Interface == networkInterface : Address.Equals(own);

    /// <summary>Makes an outgoing socket use it.</summary>
    /// <exception cref="SocketException">The address or the interface no longer exists.</exception>
    internal void Leave(Socket socket)
    {
        if (Address is null)
        {
            Tie(socket);
            return;
        }

        // Otherwise each connection would reserve a local port, whatever its destination.
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(Ip, IpBindAddressNoPort, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(Address, 0));
    }

    /// <summary>Binds a listening socket to it.</summary>
    /// <exception cref="SocketException">The port is in use, or the address or the interface no longer exists.</exception>
    internal void Bind(Socket socket, int port)
    {
        if (Address is null)
            Tie(socket);
        socket.Bind(new IPEndPoint(Address ?? (socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any), port));
    }

    /// <summary>Restricts the socket to the interface, whatever its address.</summary>
    private void Tie(Socket socket)
    {
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(SolSocket, SoBindToDevice, Encoding.UTF8.GetBytes(Interface!));
        else if (socket.AddressFamily == AddressFamily.InterNetworkV6)
            socket.SetRawSocketOption(Ipv6, Ipv6BoundIf, BitConverter.GetBytes(_index));
        else
            socket.SetRawSocketOption(Ip, IpBoundIf, BitConverter.GetBytes(_index));
    }

    /// <summary>The address, or the interface's name.</summary>
    public override string ToString() => Interface ?? $"{Address}";

    private static string Interfaces(bool withAddresses)
    {
        string list = string.Join(", ", All().Select(network =>
        {
            string addresses = string.Join(" ", network.GetIPProperties().UnicastAddresses.Select(own => own.Address));
            return withAddresses ? addresses : network.Name;
        }).Where(text => text.Length > 0));
        return list.Length > 0 ? list : "none";
    }

    private static NetworkInterface[] All()
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces();
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }
}
