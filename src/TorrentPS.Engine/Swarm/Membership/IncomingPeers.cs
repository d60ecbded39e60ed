using System.Numerics;
using TorrentPS.Engine.Display;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Gateways;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Connecting;
using TorrentPS.Engine.Transport.Encryption;
using TorrentPS.Engine.Transport.Utp;

namespace TorrentPS.Engine.Swarm.Membership;

/// <summary>
/// Accepts connections over TCP and uTP, reads their handshakes, and passes each to its torrent. All torrents share one listener, except those with their own port, whose
/// listener is closed when the last of them ends.
/// </summary>
internal sealed class IncomingPeers : IAsyncDisposable
{
    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(10);

    private readonly MseTorrents _torrents = new();
    private readonly PeerConnector _connector;
    private readonly SwarmOptions _options;
    private readonly UdpPorts _ports;
    private readonly Lock _lock = new();
    private readonly List<Listening> _listeners = [];
    private readonly Dictionary<InfoHash, IIncomingTorrent[]> _sessions = []; // the arrays are replaced, never changed
    private EncryptionMode _mode = EncryptionMode.Prefer;
    private readonly IncomingGate _gate;
    private int _blocked;
    private bool _hasWarned;

    public IncomingPeers(PeerConnector connector, SwarmOptions options, UdpPorts ports)
    {
        _ports = ports;
        _connector = connector;
        _options = options;
        _gate = new IncomingGate(options.TimeProvider);
    }

    /// <summary>The shared port; 0 if no torrent runs.</summary>
    public int Port
    {
        get
        {
            lock (_lock)
                return _listeners.Count > 0 ? _listeners[0].Port : 0;
        }
    }

    /// <summary>Starts accepting connections for a torrent, and returns the port.</summary>
    /// <param name="session">The torrent; several sessions of one torrent are peers of each other.</param>
    /// <param name="port">Its own port; null for the shared one.</param>
    /// <exception cref="TorrentException">Listening on the port failed.</exception>
    public int Add(IIncomingTorrent session, int? port)
    {
        lock (_lock)
        {
            Listening listening = Open(port);
            if (_options.Route.Proxy is not null)
                Refuse(session, _options.Route.Proxy);
            else if (session.Transport != PeerTransport.Tcp && listening.Utp is null)
                OpenUtp(listening, required: session.Transport == PeerTransport.Utp);
            listening.Sessions.Add(session);
            if (_options.MapPorts)
                Map(listening);
            foreach (InfoHash key in Keys(session))
            {
                IIncomingTorrent[] others = _sessions.GetValueOrDefault(key, []);
                if (others.Length == 0)
                    _torrents.Add(key.V1);
                _sessions[key] = [.. others, session];
            }

            _mode = CommonMode();
            return listening.Port;
        }
    }

    /// <summary>Stops accepting connections for a torrent.</summary>
    public async Task RemoveAsync(IIncomingTorrent session)
    {
        Listening? unused = null;
        lock (_lock)
        {
            foreach (InfoHash key in Keys(session))
            {
                if (!_sessions.TryGetValue(key, out IIncomingTorrent[]? running) || !running.Contains(session))
                    return;
                running = Array.FindAll(running, other => other != session);
                _sessions[key] = running;
                if (running.Length > 0)
                    continue;
                _sessions.Remove(key);
                _torrents.Remove(key.V1);
            }

            _mode = CommonMode();
            Listening listening = _listeners.First(one => one.Sessions.Remove(session));
            if (listening.Sessions.Count == 0 && !listening.IsShared)
            {
                _listeners.Remove(listening);
                unused = listening;
            }
        }

        if (unused is not null)
            await CloseAsync(unused).ConfigureAwait(false);
    }

    /// <summary>Closes the shared listener if it is unused. Called only when the client is idle, because the download of a magnet link follows its resolution.</summary>
    public async Task CloseUnusedAsync()
    {
        List<Listening> unused;
        lock (_lock)
        {
            unused = _listeners.FindAll(one => one.Sessions.Count == 0);
            _listeners.RemoveAll(unused.Contains);
        }

        foreach (Listening listening in unused)
            await CloseAsync(listening).ConfigureAwait(false);
    }

    /// <summary>Whether another session of the same torrent runs here, which is then a peer of this one.</summary>
    public bool HasOthers(IIncomingTorrent session)
    {
        lock (_lock)
            return Keys(session).Any(key => _sessions.GetValueOrDefault(key, []).Length > 1);
    }

    private Listening Open(int? port)
    {
        Listening? open = port is null || _options.Route.Proxy is not null ? _listeners.FirstOrDefault() : _listeners.Find(one => one.Port == port);
        if (open is not null)
            return open;
        if (_options.Route.Proxy is not null)
        {
            // Peers cannot connect through the proxy, and a listener beside it would reveal our address.
            _listeners.Add(open = new Listening(null, isShared: true));
            return open;
        }

        open = new Listening(PeerListener.Start(port ?? _options.Port, port is not null || _options.RequirePort, Accept, _options.Route.Binding, _options.Log, _options.Route.TrafficClass), isShared: port is null);
        _listeners.Add(open);
        return open;
    }

    private static void Refuse(IIncomingTorrent session, ProxyServer proxy)
    {
        if (session.Transport == PeerTransport.Utp)
            throw new TorrentException(TorrentErrorId.InvalidProxy, $"uTP cannot go through the proxy {proxy}: let connections go over TCP too, or leave the proxy out.");
    }

    /// <summary>Opens the UDP port with the same number as the TCP port, which the DHT may already have opened.</summary>
    private void OpenUtp(Listening listening, bool required)
    {
        int port = listening.Port;
        try
        {
            listening.Udp = _ports.Open(port);
        }
        catch (TorrentException e) when (!required)
        {
            _options.Log?.Invoke($"uTP: none, {e.Message}");
            return;
        }

        if (listening.Udp.Port != port)
            _options.Log?.Invoke($"uTP: UDP port {port} is taken, so peers cannot connect over uTP; ours go out from port {listening.Udp.Port}");
        listening.Utp = new UtpHost(listening.Udp, _options.TimeProvider, Accept, _options.Log);
    }

    /// <summary>Starts mapping the port, if not done yet.</summary>
    private void Map(Listening listening)
    {
        if (listening.Mapper is not null)
            return;
        if (_options.Route.Proxy is { } proxy)
        {
            if (!_hasWarned)
                _options.OnWarning?.Invoke($"No port is mapped: peers cannot connect through the proxy {proxy}.");
            _hasWarned = true;
            return;
        }

        listening.Mapper = new PortMapper(listening.Port, hasUdp: listening.Utp is not null || _options.HasDht, _options.Gateways with
        {
            Route = _options.Route,
            TimeProvider = _options.TimeProvider,
            Log = _options.Log,
            OnWarning = _options.OnWarning,
            Changed = () => Moved(listening),
        });
    }

    private void Moved(Listening listening)
    {
        IIncomingTorrent[] sessions;
        lock (_lock)
            sessions = [.. listening.Sessions];
        foreach (IIncomingTorrent session in sessions)
            session.PublicPortChanged();
    }

    /// <summary>The external port for a listening port: the mapped one, or the same.</summary>
    public int PublicPort(int port)
    {
        lock (_lock)
            return _listeners.Find(one => one.Port == port)?.Mapper?.ExternalPort ?? port;
    }

    private async Task CloseAsync(Listening listening)
    {
        Task unmapped = listening.Mapper?.DisposeAsync().AsTask() ?? Task.CompletedTask;
        if (listening.Listener is { } listener)
            await listener.DisposeAsync().ConfigureAwait(false);
        if (listening.Utp is { } utp)
            await utp.DisposeAsync().ConfigureAwait(false);
        if (listening.Udp is { } udp)
            await _ports.CloseAsync(udp).ConfigureAwait(false);
        await unmapped.ConfigureAwait(false);
    }

    /// <summary>The uTP host for a torrent; null if there is none.</summary>
    public UtpHost? UtpOf(IIncomingTorrent session)
    {
        if (session.Transport == PeerTransport.Tcp)
            return null;
        lock (_lock)
            return _listeners.Find(one => one.Sessions.Contains(session))?.Utp;
    }

    /// <summary>The mode that suits all torrents; if they differ, both kinds are accepted up to the handshake, which names the torrent.</summary>
    private EncryptionMode CommonMode()
    {
        EncryptionMode? common = null;
        foreach (IIncomingTorrent[] running in _sessions.Values)
        {
            foreach (IIncomingTorrent session in running)
            {
                if (common is not null && common != session.Encryption)
                    return EncryptionMode.Prefer;
                common = session.Encryption;
            }
        }

        return common ?? _options.Encryption;
    }

    /// <summary>The keys of a session, in the format of v1 hashes.</summary>
    private static InfoHash[] Keys(IIncomingTorrent session) => session.WireHashes is { IsHybrid: true } both
        ? [InfoHash.Create(both.First.Span), InfoHash.Create(both.V2.Span)]
        : [InfoHash.Create(session.WireHashes.First.Span)];

    /// <summary>Handles an incoming connection.</summary>
    internal void Accept(PeerStream stream)
    {
        try
        {
            if (_torrents.Count > 0 && !IsBlocked(stream) && _gate.Enter(stream) is { } place)
                _ = GreetAsync(stream, place);
            else
                stream.Dispose();
        }
        catch (Exception e) // a fault of this program loses this connection, not the listener
        {
            stream.Dispose();
            _options.Log?.Invoke($"A peer that connects is closed by a fault of this program: {e}");
        }
    }

    private bool IsBlocked(PeerStream stream)
    {
        if (_options.Route.Filter is not { } filter || !filter.Blocks(stream.RemoteEndPoint.Address))
            return false;
        // Logged now and then: a blocked peer may try for days.
        int count = Interlocked.Increment(ref _blocked);
        if (BitOperations.IsPow2(count))
            _options.Log?.Invoke($"{filter.Name} blocked {stream.RemoteEndPoint}; {CountText.Of(count, "connection")} blocked so far");
        return true;
    }

    private async Task GreetAsync(PeerStream stream, LinkedListNode<PeerStream> place)
    {
        try
        {
            using var limit = new CancellationTokenSource(s_handshakeLimit, _options.TimeProvider);
            HandshakeOutcome outcome = await HandshakeExchange.AcceptAsync(stream, _torrents, _mode, limit.Token).ConfigureAwait(false);
            _gate.Leave(place);
            if (outcome is not { Stream: { } connection, Handshake: { } handshake })
                return;
            if (Find(connection, handshake) is { } session && session.TryReserveConnection(isIncoming: true))
                session.Accept(connection, handshake);
            else
                connection.Dispose();
        }
        catch (OperationCanceledException)
        {
            stream.Dispose();
        }
        catch (Exception e) // a fault of this program loses this connection, and nothing else
        {
            stream.Dispose();
            _options.Log?.Invoke($"Peer {stream.RemoteEndPoint} is closed by a fault of this program: {e}");
        }
        finally
        {
            _gate.Leave(place);
        }
    }

    /// <summary>The torrent that a peer requests. Of several sessions, one that is not the peer itself, preferably a complete one.</summary>
    private IIncomingTorrent? Find(PeerStream connection, Wire.Handshake handshake)
    {
        IIncomingTorrent[] running;
        lock (_lock)
            running = _sessions.GetValueOrDefault(InfoHash.Create(handshake.InfoHash), []);
        IIncomingTorrent? found = null;
        foreach (IIncomingTorrent session in running)
        {
            if (session.Transport == (connection.IsUtp ? PeerTransport.Tcp : PeerTransport.Utp))
                continue;
            if (session.Encryption == (connection.IsEncrypted ? EncryptionMode.Off : EncryptionMode.Require))
                continue;
            if (found is null || found.IsSelf(handshake) || (session.IsSeeding && !found.IsSeeding && !session.IsSelf(handshake)))
                found = session;
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        Listening[] open;
        lock (_lock)
        {
            open = [.. _listeners];
            _listeners.Clear();
        }

        foreach (Listening listening in open)
            await CloseAsync(listening).ConfigureAwait(false);
    }

    /// <summary>A listener and the torrents that announce its port.</summary>
    private sealed class Listening(PeerListener? listener, bool isShared)
    {
        /// <summary>Null if peers cannot connect to us.</summary>
        public PeerListener? Listener { get; } = listener;

        public int Port => Listener?.Port ?? 0;

        public HashSet<IIncomingTorrent> Sessions { get; } = [];

        public bool IsShared { get; } = isShared;

        /// <summary>uTP on the UDP port with the same number; null while unused.</summary>
        public UtpHost? Utp { get; set; }

        public UdpPort? Udp { get; set; }

        /// <summary>Maps its port; null unless requested.</summary>
        public PortMapper? Mapper { get; set; }
    }
}
