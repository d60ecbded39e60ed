using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Net;

/// <summary>The route of a client's connections: direct, from one address, or through a proxy. All connections are made here, so that none bypasses the route.</summary>
internal sealed class NetworkRoute(ProxyServer? proxy = null, IPFilter? filter = null, NetworkBinding? binding = null, TrafficClass? trafficClass = null)
{
    /// <summary>Without a proxy, from any address.</summary>
    public static NetworkRoute Direct { get; } = new();

    /// <summary>The proxy; null for none.</summary>
    public ProxyServer? Proxy => proxy;

    /// <summary>The address or interface to use; null leaves that to the system.</summary>
    public NetworkBinding? Binding => binding;

    /// <summary>The addresses that are blocked; null blocks none.</summary>
    public IPFilter? Filter => filter;

    /// <summary>The traffic class of packets; null leaves them unmarked.</summary>
    public TrafficClass? TrafficClass => trafficClass;

    /// <summary>Checks whether a peer may be connected to, over any transport.</summary>
    /// <exception cref="BlockedAddressException">The peer is blocked.</exception>
    public void ThrowIfBlocked(IPEndPoint peer)
    {
        if (filter?.Blocks(peer.Address) is true)
            throw new BlockedAddressException(peer.Address, filter);
    }

    /// <summary>Whether addresses of a family can be connected to at all.</summary>
    public bool Reaches(AddressFamily family) => binding?.Has(family) is not false;

    /// <summary>Connects over TCP.</summary>
    /// <param name="to">An address, or a name for the proxy to resolve.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SocketException">The connection failed; a <see cref="ProxyException"/> if the proxy reported it.</exception>
    public async Task<Socket> ConnectAsync(EndPoint to, CancellationToken cancellationToken)
    {
        if (proxy is not null)
            return await ConnectByProxyAsync(proxy, to, cancellationToken).ConfigureAwait(false);
        Socket socket = Open(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(to, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Creates a socket that uses the binding.</summary>
    /// <exception cref="SocketException">Addresses of that family cannot be reached, or the binding no longer exists.</exception>
    public Socket Open(AddressFamily family, SocketType type, ProtocolType protocol)
    {
        if (!Reaches(family))
            throw new SocketException((int)SocketError.AddressFamilyNotSupported, $"no address of that family can be reached from {binding}");
        var socket = new Socket(family, type, protocol);
        try
        {
            trafficClass?.TryMark(socket);
            binding?.Leave(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Requests a UDP association from a SOCKS5 proxy.</summary>
    /// <returns>The connection whose lifetime the association has, and the address for datagrams to the proxy.</returns>
    /// <exception cref="ProxyException">The proxy cannot be reached, or does not support UDP.</exception>
    public Task<(Socket Control, IPEndPoint Relay)> AssociateAsync(CancellationToken cancellationToken) =>
        ByProxyAsync(proxy!, async socket => (socket, await Socks5Client.AssociateAsync(socket, proxy!, cancellationToken).ConfigureAwait(false)), cancellationToken);

    private Task<Socket> ConnectByProxyAsync(ProxyServer proxy, EndPoint to, CancellationToken cancellationToken) => ByProxyAsync(proxy, async socket =>
    {
        if (proxy.Kind == ProxyKind.Socks5)
            await Socks5Client.ConnectAsync(socket, proxy, to, cancellationToken).ConfigureAwait(false);
        else
            await HttpConnectClient.ConnectAsync(socket, proxy, to, cancellationToken).ConfigureAwait(false);
        return socket;
    }, cancellationToken);

    /// <summary>Connects to the proxy and sends a request; on failure the connection is closed.</summary>
    private async Task<T> ByProxyAsync<T>(ProxyServer proxy, Func<Socket, Task<T>> ask, CancellationToken cancellationToken)
    {
        Socket socket = await ConnectToAsync(proxy, cancellationToken).ConfigureAwait(false);
        try
        {
            return await ask(socket).ConfigureAwait(false);
        }
        catch (SocketException e) when (e is not ProxyException)
        {
            socket.Dispose();
            throw new ProxyException(SocketError.NetworkDown, $"the connection to the proxy {proxy} was lost ({e.Message})");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The proxy's own name is the only one that is resolved here.
    private async Task<Socket> ConnectToAsync(ProxyServer proxy, CancellationToken cancellationToken)
    {
        try
        {
            IPAddress[] addresses = IPAddress.TryParse(proxy.Host, out IPAddress? literal) ? [literal] : await Dns.GetHostAddressesAsync(proxy.Host, cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < addresses.Length; i++)
            {
                try
                {
                    return await new NetworkRoute(binding: binding, trafficClass: trafficClass).ConnectAsync(new IPEndPoint(addresses[i], proxy.Port), cancellationToken).ConfigureAwait(false);
                }
                catch (SocketException) when (i < addresses.Length - 1)
                {
                    // tries the next address of the proxy
                }
            }

            throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (SocketException e)
        {
            throw new ProxyException(SocketError.NetworkDown, $"the proxy {proxy} cannot be connected to: {e.Message}");
        }
    }
}
