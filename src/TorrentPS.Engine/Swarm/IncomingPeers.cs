using System.Collections.Concurrent;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Engine.Swarm;

/// <summary>Takes the connections that peers make, reads their handshakes, and gives each to the torrent it asks for.</summary>
internal sealed class IncomingPeers : IAsyncDisposable
{
    private const int MaxPending = 200;
    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<InfoHash, IIncomingTorrent> _sessions = new();
    private readonly MseTorrents _torrents = new();
    private readonly PeerConnector _connector;
    private readonly TorrentClientOptions _options;
    private readonly Lock _lock = new();
    private PeerListener? _listener;
    private int _pending;

    public IncomingPeers(PeerConnector connector, TorrentClientOptions options)
    {
        _connector = connector;
        _options = options;
    }

    /// <summary>The port listened on; 0 before the first torrent.</summary>
    public int Port => _listener?.Port ?? 0;

    /// <summary>Accepts peers for a torrent from now on, and says on which port.</summary>
    /// <exception cref="TorrentException">The torrent is there already, or the port cannot be listened on.</exception>
    public int Add(IIncomingTorrent session) => TryAdd(session, out int port)
        ? port
        : throw new TorrentException(TorrentErrorId.DataInUse, "The torrent is running already in this process.");

    /// <summary>Accepts peers for a torrent from now on, unless another session does.</summary>
    /// <param name="session">Who gets them.</param>
    /// <param name="port">The port on which; 0 when it is not so.</param>
    /// <exception cref="TorrentException">The port cannot be listened on.</exception>
    public bool TryAdd(IIncomingTorrent session, out int port)
    {
        port = 0;
        if (!_sessions.TryAdd(Key(session), session))
            return false;
        _torrents.Add(session.WireHash.Span);
        lock (_lock)
        {
            _listener ??= PeerListener.Start(_options.Port, _options.RequirePort, Accept);
            port = _listener.Port;
            return true;
        }
    }

    public void Remove(IIncomingTorrent session)
    {
        if (_sessions.TryRemove(KeyValuePair.Create(Key(session), session)))
            _torrents.Remove(session.WireHash.Span);
    }

    private static InfoHash Key(IIncomingTorrent session) => InfoHash.Create(session.WireHash.Span);

    private void Accept(PeerStream stream)
    {
        if (Interlocked.Increment(ref _pending) <= MaxPending && _torrents.Count > 0)
        {
            _ = GreetAsync(stream);
            return;
        }

        Interlocked.Decrement(ref _pending);
        stream.Dispose();
    }

    private async Task GreetAsync(PeerStream stream)
    {
        try
        {
            using var limit = new CancellationTokenSource(s_handshakeLimit, _options.TimeProvider);
            HandshakeOutcome outcome = await HandshakeExchange.AcceptAsync(stream, _torrents, _options.Encryption, limit.Token).ConfigureAwait(false);
            if (outcome is not { Stream: { } connection, Handshake: { } handshake })
                return;
            if (!_sessions.TryGetValue(InfoHash.Create(handshake.InfoHash), out IIncomingTorrent? session) || !_connector.TryReserve())
                connection.Dispose();
            else
                session.Accept(connection, handshake);
        }
        catch (OperationCanceledException)
        {
            stream.Dispose();
        }
        finally
        {
            Interlocked.Decrement(ref _pending);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
            await _listener.DisposeAsync().ConfigureAwait(false);
    }
}
