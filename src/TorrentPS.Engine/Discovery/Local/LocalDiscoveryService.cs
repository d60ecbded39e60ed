using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery.Local;

/// <summary>
/// Announces our torrents to the local networks, and receives the announces of others (BEP 14). A torrent is announced at its start and every five minutes; announces
/// that are due together share a message, and no torrent is announced more often than once a minute.
/// </summary>
/// <remarks>
/// The protocol has no query: a search would have to wait up to five minutes. This client directly answers a message without a port, which costs the network nothing;
/// others ignore it.
/// </remarks>
internal sealed class LocalDiscoveryService(ILocalNetwork network, TimeProvider time, Action<string>? log = null) : IDiscoveryService, IAsyncDisposable
{
    private const int MaxMessagesPerSecond = 100;
    private const int MaxAnswersPerSecond = 10;

    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_shortestInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly List<LocalDiscovery> _torrents = [];
    private readonly string _cookie = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
    private TorrentException? _failure;
    private ITimer? _timer;
    private long _second;
    private int _messages;
    private int _answers;
    private bool _isOpen;
    private bool _isDisposed;

    public PeerSource Source => PeerSource.LocalDiscovery;

    public IPeerDiscovery Create(DiscoveryRequest request) => new LocalDiscovery(this, request);

    /// <summary>Starts listening for a torrent, and announces it.</summary>
    /// <exception cref="TorrentException">There is no local network.</exception>
    public void Add(LocalDiscovery torrent)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Open();
            _torrents.Add(torrent);
            _timer ??= time.CreateTimer(static state => ((LocalDiscoveryService)state!).AnnounceDue(), this, s_shortestInterval, s_shortestInterval);
        }

        Announce(torrent);
    }

    public void Remove(LocalDiscovery torrent)
    {
        lock (_lock)
        {
            _torrents.Remove(torrent);
            if (_torrents.Count > 0)
                return;
            _timer?.Dispose();
            _timer = null;
        }
    }

    /// <summary>Announces a torrent, unless it was announced in the last minute.</summary>
    public void Announce(LocalDiscovery torrent) => Send([torrent], s_shortestInterval);

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
            _timer = null;
        }

        network.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Open()
    {
        if (_failure is not null)
            throw _failure;
        if (_isOpen)
            return;
        try
        {
            network.Open(Received);
            _isOpen = true;
        }
        catch (SocketException exception)
        {
            _failure = new TorrentException(TorrentErrorId.NoPeers, $"Peers cannot be looked for in the local network: {exception.Message}.", exception);
            throw _failure;
        }
    }

    private void AnnounceDue()
    {
        LocalDiscovery[] torrents;
        lock (_lock)
            torrents = [.. _torrents];
        try
        {
            Send(torrents, s_interval);
        }
        catch (Exception e) // unhandled in a timer, it would end the process
        {
            log?.Invoke($"Local discovery: nothing is announced by a fault of this program: {e}");
        }
    }

    /// <summary>Announces the torrents that are due.</summary>
    private void Send(IReadOnlyList<LocalDiscovery> torrents, TimeSpan pause)
    {
        long now = time.GetTimestamp();
        var due = new Dictionary<int, List<InfoHash>>();
        lock (_lock)
        {
            foreach (LocalDiscovery torrent in torrents)
            {
                if (!_torrents.Contains(torrent) || (torrent.AnnouncedAt is { } last && time.GetElapsedTime(last, now) < pause))
                    continue;
                int port = torrent.Port;
                if (port == 0 && !torrent.IsSearch)
                    continue;
                torrent.AnnouncedAt = now;
                if (!due.TryGetValue(port, out List<InfoHash>? hashes))
                    due.Add(port, hashes = []);
                hashes.AddRange(torrent.InfoHashes);
            }
        }

        foreach ((int port, List<InfoHash> hashes) in due)
        {
            foreach (InfoHash[] chunk in hashes.Chunk(LocalAnnounce.MaxTorrents))
                network.SendToAll(new LocalAnnounce(port, chunk, _cookie).ToBytes);
        }
    }

    private void Received(ReadOnlyMemory<byte> message, IPEndPoint from)
    {
        try
        {
            Take(message, from);
        }
        catch (Exception e) // a fault of this program loses this message, not the listener
        {
            log?.Invoke($"Local discovery: a message of {from} is left out by a fault of this program: {e}");
        }
    }

    private void Take(ReadOnlyMemory<byte> message, IPEndPoint from)
    {
        if (!AddressRules.IsPeer(from) || !Counts(ref _messages, MaxMessagesPerSecond) || !LocalAnnounce.TryRead(message.Span, out LocalAnnounce announce) || announce.Cookie == _cookie)
            return;
        foreach (InfoHash hash in announce.InfoHashes.Distinct())
        {
            LocalDiscovery[] heard;
            lock (_lock)
                heard = [.. _torrents.Where(torrent => torrent.InfoHashes.Contains(hash))];
            if (announce.Port != 0)
            {
                foreach (LocalDiscovery torrent in heard)
                    torrent.Heard(new IPEndPoint(from.Address, announce.Port));
            }
            else if (heard.FirstOrDefault(torrent => torrent.Port != 0) is { } known && Counts(ref _answers, MaxAnswersPerSecond))
            {
                network.Send(new LocalAnnounce(known.Port, [hash], _cookie).ToBytes(from.AddressFamily), from);
            }
        }
    }

    /// <summary>Counts up to a limit per second; false beyond it.</summary>
    private bool Counts(ref int count, int limit)
    {
        lock (_lock)
        {
            long second = time.GetUtcNow().ToUnixTimeSeconds();
            if (second != _second)
                (_second, _messages, _answers) = (second, 0, 0);
            return count++ < limit;
        }
    }
}
