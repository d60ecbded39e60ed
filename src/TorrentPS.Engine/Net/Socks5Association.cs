using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>A way for datagrams through a SOCKS5 proxy (RFC 1928, 7). It is there as long as the connection to the proxy that asked for it.</summary>
internal sealed class Socks5Association : IDisposable
{
    private readonly Socket _control;
    private readonly Socket _datagrams;

    private Socks5Association(Socket control, Socket datagrams) => (_control, _datagrams) = (control, datagrams);

    /// <summary>Asks the proxy for it.</summary>
    /// <exception cref="SocketException">There is none to be had: a <see cref="ProxyException"/> where the proxy says so.</exception>
    public static async Task<Socks5Association> OpenAsync(ProxyServer proxy, NetworkRoute route, CancellationToken cancellationToken)
    {
        (Socket control, IPEndPoint relay) = await route.AssociateAsync(cancellationToken).ConfigureAwait(false);
        Socket? datagrams = null;
        try
        {
            datagrams = route.Open(relay.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            datagrams.Connect(relay); // what comes from anywhere else is not from the proxy
            var association = new Socks5Association(control, datagrams);
            _ = association.WatchAsync();
            return association;
        }
        catch (SocketException e)
        {
            control.Dispose();
            datagrams?.Dispose();
            throw new ProxyException(SocketError.NetworkDown, $"datagrams cannot be sent to the proxy {proxy} ({e.Message})");
        }
    }

    /// <summary>Has the proxy send a datagram to an address, or to a name that it looks up.</summary>
    public async ValueTask SendAsync(EndPoint to, ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken)
    {
        byte[] packet = new byte[Socks5Client.MaxDatagramHeader + datagram.Length];
        int length = Socks5Client.WriteDatagramHeader(packet, to);
        datagram.CopyTo(packet.AsMemory(length));
        await _datagrams.SendAsync(packet.AsMemory(0, length + datagram.Length), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Receives a datagram that came to the proxy.</summary>
    /// <returns>Its bytes, which lie in the buffer, and where it came from; null where it is none that can be understood.</returns>
    public async ValueTask<(ReadOnlyMemory<byte> Datagram, IPEndPoint From)?> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int length = await _datagrams.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
        return Socks5Client.TryReadDatagramHeader(buffer.Span[..length], out int header, out IPEndPoint? from) ? (buffer[header..length], from) : null;
    }

    /// <summary>The proxy ends it by closing the connection.</summary>
    private async Task WatchAsync()
    {
        try
        {
            byte[] nothing = new byte[16];
            while (await _control.ReceiveAsync(nothing).ConfigureAwait(false) > 0)
                continue;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // gone, too
        }

        Dispose();
    }

    public void Dispose()
    {
        _control.Dispose();
        _datagrams.Dispose();
    }
}
