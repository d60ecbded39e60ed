using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TorrentPS.Engine.Net;

/// <summary>Sends requests to a SOCKS5 proxy (RFC 1928), with a user name and password if it requires them (RFC 1929).</summary>
internal static class Socks5Client
{
    private const byte Version = 5;
    private const byte NoAuthentication = 0;
    private const byte UserNamePassword = 2;
    private const byte NoneAcceptable = 0xFF;
    private const byte AuthenticationVersion = 1;
    private const byte Connect = 1;
    private const byte UdpAssociate = 3;
    private const byte IPv4 = 1;
    private const byte DomainName = 3;
    private const byte IPv6 = 4;
    private const int MaxAddress = 1 + 255 + 2;

    /// <summary>The maximum length of the header before the bytes of a datagram.</summary>
    public const int MaxDatagramHeader = 4 + MaxAddress;

    /// <summary>Opens a connection; afterwards the socket is that connection.</summary>
    /// <param name="socket">The connection to the proxy.</param>
    /// <param name="proxy">The proxy.</param>
    /// <param name="to">An address, or a name for the proxy to resolve.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ProxyException">The proxy refuses, or is not a SOCKS5 proxy.</exception>
    public static async Task ConnectAsync(Socket socket, ProxyServer proxy, EndPoint to, CancellationToken cancellationToken)
    {
        await AskAsync(socket, proxy, Connect, to, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Requests a UDP association, for as long as the socket is connected.</summary>
    /// <returns>The address for datagrams to the proxy.</returns>
    /// <param name="socket">The connection to the proxy.</param>
    /// <param name="proxy">The proxy.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ProxyException">The proxy refuses, or is not a SOCKS5 proxy.</exception>
    public static async Task<IPEndPoint> AssociateAsync(Socket socket, ProxyServer proxy, CancellationToken cancellationToken)
    {
        // The source of our datagrams is not known yet (RFC 1928, 6: all zeros).
        byte[] answer = await AskAsync(socket, proxy, UdpAssociate, new IPEndPoint(IPAddress.Any, 0), cancellationToken).ConfigureAwait(false);
        var self = (IPEndPoint)socket.RemoteEndPoint!;
        if (!TryReadAddress(answer.AsSpan(3), out _, out IPEndPoint? relay) || relay.Port == 0)
            throw new ProxyException(SocketError.NetworkDown, $"the proxy {proxy} does not say where it takes datagrams");
        IPAddress address = relay.Address.Equals(IPAddress.Any) || relay.Address.Equals(IPAddress.IPv6Any) ? self.Address : relay.Address;
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, relay.Port);
    }

    /// <summary>Writes the header of a datagram (RFC 1928, 7).</summary>
    public static int WriteDatagramHeader(Span<byte> destination, EndPoint to)
    {
        destination[..3].Clear();
        return 3 + WriteAddress(destination[3..], to);
    }

    /// <summary>Parses the header of a datagram; false if it is a fragment, or has no address.</summary>
    public static bool TryReadDatagramHeader(ReadOnlySpan<byte> packet, out int length, [NotNullWhen(true)] out IPEndPoint? from)
    {
        (length, from) = (0, null);
        if (packet.Length < 4 || packet[2] != 0 || !TryReadAddress(packet[3..], out int address, out from))
            return false;
        length = 3 + address;
        return true;
    }

    private static bool TryReadAddress(ReadOnlySpan<byte> bytes, out int length, [NotNullWhen(true)] out IPEndPoint? endPoint)
    {
        (length, endPoint) = (0, null);
        int size = bytes.IsEmpty ? 0 : bytes[0] switch { IPv4 => 4, IPv6 => 16, _ => 0 };
        if (size == 0 || bytes.Length < 1 + size + 2)
            return false;
        var address = new IPAddress(bytes.Slice(1, size));
        endPoint = new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, BinaryPrimitives.ReadUInt16BigEndian(bytes[(1 + size)..]));
        length = 1 + size + 2;
        return true;
    }

    private static async Task<byte[]> AskAsync(Socket socket, ProxyServer proxy, byte command, EndPoint to, CancellationToken cancellationToken)
    {
        await AuthenticateAsync(socket, proxy, cancellationToken).ConfigureAwait(false);
        byte[] buffer = new byte[4 + MaxAddress];
        (buffer[0], buffer[1]) = (Version, command);
        await SendAsync(socket, buffer.AsMemory(0, 3 + WriteAddress(buffer.AsSpan(3), to)), cancellationToken).ConfigureAwait(false);

        // Reads exactly the answer, because the following bytes are the peer's.
        await ReceiveAsync(socket, proxy, buffer.AsMemory(0, 5), cancellationToken).ConfigureAwait(false);
        if (buffer[0] != Version)
            throw NotSocks(proxy);
        if (buffer[1] != 0)
            throw Refused(proxy, buffer[1]);
        int rest = buffer[3] switch
        {
            IPv4 => 4 + 2 - 1,
            IPv6 => 16 + 2 - 1,
            DomainName => buffer[4] + 2,
            _ => throw NotSocks(proxy),
        };
        await ReceiveAsync(socket, proxy, buffer.AsMemory(5, rest), cancellationToken).ConfigureAwait(false);
        return buffer;
    }

    private static async Task AuthenticateAsync(Socket socket, ProxyServer proxy, CancellationToken cancellationToken)
    {
        byte[] offer = proxy.UserName is null ? [Version, 1, NoAuthentication] : [Version, 2, NoAuthentication, UserNamePassword];
        await SendAsync(socket, offer, cancellationToken).ConfigureAwait(false);
        byte[] answer = new byte[2];
        await ReceiveAsync(socket, proxy, answer, cancellationToken).ConfigureAwait(false);
        if (answer[0] != Version)
            throw NotSocks(proxy);
        switch (answer[1])
        {
            case NoAuthentication:
                return;
            case UserNamePassword when proxy.UserName is not null:
                await SendAsync(socket, Credentials(proxy), cancellationToken).ConfigureAwait(false);
                await ReceiveAsync(socket, proxy, answer, cancellationToken).ConfigureAwait(false);
                if (answer[1] != 0)
                    throw new ProxyException(SocketError.NetworkDown, $"the proxy {proxy} refused the user name and password");
                return;
            case NoneAcceptable:
                throw new ProxyException(SocketError.NetworkDown, proxy.UserName is null
                    ? $"the proxy {proxy} wants a user name and password" : $"the proxy {proxy} takes no user name and password");
            default:
                throw NotSocks(proxy);
        }
    }

    private static byte[] Credentials(ProxyServer proxy)
    {
        byte[] user = Encoding.UTF8.GetBytes(proxy.UserName!);
        byte[] password = Encoding.UTF8.GetBytes(proxy.Password ?? "");
        return [AuthenticationVersion, (byte)user.Length, .. user, (byte)password.Length, .. password];
    }

    private static int WriteAddress(Span<byte> destination, EndPoint to)
    {
        int length;
        int port;
        if (to is IPEndPoint address)
        {
            destination[0] = address.AddressFamily == AddressFamily.InterNetworkV6 ? IPv6 : IPv4;
            address.Address.TryWriteBytes(destination[1..], out length);
            length++;
            port = address.Port;
        }
        else
        {
            var name = (DnsEndPoint)to;
            if (Encoding.ASCII.GetByteCount(name.Host) > 255)
                throw new SocketException((int)SocketError.HostNotFound);
            destination[0] = DomainName;
            destination[1] = (byte)Encoding.ASCII.GetBytes(name.Host, destination[2..]);
            length = 2 + destination[1];
            port = name.Port;
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination[length..], (ushort)port);
        return length + 2;
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken).ConfigureAwait(false)..];
    }

    private static async Task ReceiveAsync(Socket socket, ProxyServer proxy, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            int count = await socket.ReceiveAsync(bytes, cancellationToken).ConfigureAwait(false);
            if (count == 0)
                throw new ProxyException(SocketError.NetworkDown, $"the proxy {proxy} closed the connection");
            bytes = bytes[count..];
        }
    }

    private static ProxyException NotSocks(ProxyServer proxy) => new(SocketError.NetworkDown, $"what answers at {proxy} is not a SOCKS5 proxy");

    // RFC 1928, 6
    private static ProxyException Refused(ProxyServer proxy, byte reply) => reply switch
    {
        2 => new ProxyException(SocketError.NetworkDown, $"the proxy {proxy} does not allow the connection"),
        3 => new ProxyException(SocketError.NetworkUnreachable, $"the proxy {proxy} has no route to it"),
        4 => new ProxyException(SocketError.HostUnreachable, $"the proxy {proxy} cannot reach the host"),
        5 => new ProxyException(SocketError.ConnectionRefused, $"the connection was refused, says the proxy {proxy}"),
        6 => new ProxyException(SocketError.TimedOut, $"connecting took too long, says the proxy {proxy}"),
        7 => new ProxyException(SocketError.NetworkDown, $"the proxy {proxy} does not carry datagrams"),
        8 => new ProxyException(SocketError.HostUnreachable, $"the proxy {proxy} does not take addresses of this kind"),
        _ => new ProxyException(SocketError.HostUnreachable, $"the proxy {proxy} made no connection (reply {reply})"),
    };
}
