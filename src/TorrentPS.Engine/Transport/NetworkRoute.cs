using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Transport;

/// <summary>How a client's connections get to where they go: directly, or through a proxy. All that connects does it here, so that nothing goes another way.</summary>
internal sealed class NetworkRoute(ProxyServer? proxy = null)
{
    /// <summary>Without a proxy.</summary>
    public static NetworkRoute Direct { get; } = new();

    /// <summary>The proxy; null without one.</summary>
    public ProxyServer? Proxy => proxy;

    /// <summary>Connects over TCP.</summary>
    /// <param name="to">An address, or a name for the proxy to look up.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SocketException">There is no connection to be had; a <see cref="ProxyException"/> where it is the proxy who says so.</exception>
    public async Task<Socket> ConnectAsync(EndPoint to, CancellationToken cancellationToken)
    {
        if (proxy is not null)
            return await ConnectByProxyAsync(proxy, to, cancellationToken).ConfigureAwait(false);
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(to, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Socket> ConnectByProxyAsync(ProxyServer proxy, EndPoint to, CancellationToken cancellationToken)
    {
        Socket socket = await ConnectToAsync(proxy, cancellationToken).ConfigureAwait(false);
        try
        {
            if (proxy.Kind == ProxyKind.Socks5)
                await Socks5Client.ConnectAsync(socket, proxy, to, cancellationToken).ConfigureAwait(false);
            else
                await HttpConnectClient.ConnectAsync(socket, proxy, to, cancellationToken).ConfigureAwait(false);
            return socket;
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

    // The proxy's own name is the only one that is looked up here.
    private static async Task<Socket> ConnectToAsync(ProxyServer proxy, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(proxy.Host, proxy.Port, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new ProxyException(SocketError.NetworkDown, $"the proxy {proxy} cannot be connected to: {e.Message}");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
