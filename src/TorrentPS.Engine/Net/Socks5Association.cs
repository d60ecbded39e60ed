using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>A UDP association of a SOCKS5 proxy (RFC 1928, 7). It lasts as long as the connection to the proxy that requested it.</summary>
internal sealed class Socks5Association : IDisposable
{
    private readonly Socket _control;
    private readonly Socket _datagrams;

    private Socks5Association(Socket control, Socket datagrams) => (_control, _datagrams) = (control, datagrams);

    /// <summary>Requests an association from the proxy.</summary>
    /// <exception cref="SocketException">The request failed; a <see cref="ProxyException"/> if the proxy refused it.</exception>
    public static async Task<Socks5Association> OpenAsync(ProxyServer proxy, NetworkRoute route, CancellationToken cancellationToken)
    {
        (Socket control, IPEndPoint relay) = await route.AssociateAsync(cancellationToken).ConfigureAwait(false);
        Socket? datagrams = null;
        try
        {
            datagrams = route.Open(relay.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            datagrams.Connect(relay); // datagrams from any other address are not the proxy's
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

    /// <summary>Sends a datagram through the proxy to an address, or to a name that the proxy resolves.</summary>
    public async ValueTask SendAsync(EndPoint to, ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken)
    {
        byte[] packet = new byte[Socks5Client.MaxDatagramHeader + datagram.Length];
        int length = Socks5Client.WriteDatagramHeader(packet, to);
        datagram.CopyTo(packet.AsMemory(length));
        await _datagrams.SendAsync(packet.AsMemory(0, length + datagram.Length), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Receives a datagram through the proxy.</summary>
    /// <returns>Its bytes, which are in the buffer, and its source; null if it is invalid.</returns>
    public async ValueTask<(ReadOnlyMemory<byte> Datagram, IPEndPoint From)?> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int length = await _datagrams.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
        return Socks5Client.TryReadDatagramHeader(buffer.Span[..length], out int header, out IPEndPoint? from) ? (buffer[header..length], from) : null;
    }

    /// <summary>The proxy ends the association by closing the connection.</summary>
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
            // already disposed
        }

        Dispose();
    }

    public void Dispose()
    {
        _control.Dispose();
        _datagrams.Dispose();
    }
}
