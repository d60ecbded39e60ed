using System.Net;
using System.Net.Sockets;

namespace TorrentPS.Engine.Net;

/// <summary>Exchanges datagrams with one address or name through a SOCKS5 proxy. If the proxy does not support UDP, nothing is sent at all.</summary>
internal sealed class ProxiedDatagramSocket : IDatagramSocket
{
    private readonly EndPoint _remote;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task<Socks5Association> _opening;
    private byte[] _buffer = [];

    public ProxiedDatagramSocket(EndPoint remote, ProxyServer proxy, NetworkRoute route)
    {
        _remote = remote;
        _opening = Socks5Association.OpenAsync(proxy, route, _ending.Token);
    }

    /// <inheritdoc/>
    public IPAddress? From { get; private set; }

    /// <inheritdoc/>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> datagram, CancellationToken cancellationToken)
    {
        Socks5Association association = await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        await association.SendAsync(_remote, datagram, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Socks5Association association = await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_buffer.Length < buffer.Length + Socks5Client.MaxDatagramHeader)
            _buffer = new byte[buffer.Length + Socks5Client.MaxDatagramHeader];
        while (true)
        {
            // Only the proxy knows which address the name leads to.
            if (await association.ReceiveAsync(_buffer, cancellationToken).ConfigureAwait(false) is not { } received
                || received.From.Port != PortOf(_remote) || (_remote is IPEndPoint expected && !expected.Address.Equals(received.From.Address)) || received.Datagram.Length > buffer.Length)
            {
                continue;
            }

            From = received.From.Address;
            received.Datagram.CopyTo(buffer);
            return received.Datagram.Length;
        }
    }

    public void Dispose()
    {
        _ending.Cancel();
        _opening.ContinueWith(static opening =>
        {
            if (opening.IsCompletedSuccessfully)
                opening.Result.Dispose();
            else
                _ = opening.Exception;
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _ending.Dispose();
    }

    private static int PortOf(EndPoint endPoint) => endPoint is IPEndPoint address ? address.Port : ((DnsEndPoint)endPoint).Port;
}
