using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Transport.Utp;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine;

/// <content>Handshake tests with single peers.</content>
public sealed partial class TorrentClient
{
    private UdpPort? _probePort;
    private UtpHost? _probeUtp; // for handshakes over uTP; opened on first use

    /// <summary>Connects to a peer and exchanges handshakes (BEP 3, BEP 10). Never throws for errors of the peer: an unreachable peer is a result.</summary>
    /// <param name="endPoint">The peer's address.</param>
    /// <param name="infoHash">The info hash to ask for.</param>
    /// <param name="options">The options; null means the defaults.</param>
    /// <param name="cancellationToken">Cancels with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TorrentException">Only uTP is allowed, and there is a proxy, or no UDP port can be opened.</exception>
    public async Task<PeerHandshake> TestHandshakeAsync(IPEndPoint endPoint, InfoHash infoHash, HandshakeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        options ??= new HandshakeOptions();
        var probe = new HandshakeProbe(endPoint, infoHash, options, Options.TimeProvider, Options.Route(), ProbeUtp(options.Transport));
        return await probe.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The end point of a peer: for a host name, its first address (RFC 6724).</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="limit">The time limit of the look-up.</param>
    /// <param name="cancellationToken">Cancels with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TorrentException">The name has no address, or may not be resolved because there is a proxy (UnknownHost).</exception>
    public async Task<IPEndPoint> LookUpAsync(PeerAddress peer, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        if (peer.ToEndPoint() is IPEndPoint endPoint)
            return endPoint;
        if (Options.Proxy is { } proxy)
            throw new TorrentException(TorrentErrorId.UnknownHost, $"The host name '{peer.Host}' is not looked up, since that would go around the proxy {proxy}. Give the IP address.");
        Exception? cause = null;
        try
        {
            IPAddress[] found = await Dns.GetHostAddressesAsync(peer.Host, cancellationToken).WaitAsync(limit, Options.TimeProvider, cancellationToken).ConfigureAwait(false);
            if (found.Length > 0)
                return new IPEndPoint(found[0], peer.Port);
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException or ArgumentException)
        {
            cause = exception;
        }

        throw new TorrentException(TorrentErrorId.UnknownHost,
            $"The host name '{peer.Host}' has no address{(cause is null ? "" : $": {cause.Message.TrimEnd('.')}")}. Check how it is written, or give the IP address.", cause);
    }

    private UtpHost? ProbeUtp(PeerTransport transport)
    {
        if (transport == PeerTransport.Tcp)
            return null;
        if (Options.Proxy is { } proxy)
        {
            return transport == PeerTransport.Any ? null
                : throw new TorrentException(TorrentErrorId.InvalidProxy, $"uTP cannot go through the proxy {proxy}: let the handshake go over TCP, or leave the proxy out.");
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_probeUtp is not null)
                return _probeUtp;
            _probePort = _ports.Open(0);
            return _probeUtp = new UtpHost(_probePort, Options.TimeProvider, static stream => stream.Dispose());
        }
    }

    private async ValueTask CloseProbeAsync()
    {
        if (_probeUtp is not null)
            await _probeUtp.DisposeAsync().ConfigureAwait(false);
        if (_probePort is not null)
            await _ports.CloseAsync(_probePort).ConfigureAwait(false);
    }
}
