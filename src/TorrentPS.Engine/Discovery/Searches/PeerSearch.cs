using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>A search for the peers of a torrent without joining its swarm: all sources are asked at once.</summary>
internal sealed class PeerSearch : IAsyncDisposable
{
    private const int MaxPeers = 20_000;

    private readonly PeerSearchOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly IPFilter? _filter;
    private readonly PeerDiscoveries _discoveries;
    private readonly Channel<DiscoveredPeer> _found = Channel.CreateUnbounded<DiscoveredPeer>();
    private readonly HashSet<IPEndPoint> _seen = [];

    public PeerSearch(Torrent torrent, PeerSearchOptions options, DiscoveryServices services, TimeProvider timeProvider, IPFilter? filter = null)
    {
        (_options, _timeProvider, _filter) = (options, timeProvider, filter);
        int port = options.Port != 0 ? options.Port : RandomNumberGenerator.GetInt32(49152, 65536); // the dynamic ports (RFC 6335)
        _discoveries = services.For(new DiscoveryRequest
        {
            InfoHash = torrent.InfoHash,
            Name = torrent.Name,
            Trackers = options.Trackers.Count > 0 ? [options.Trackers] : torrent.Trackers,
            Nodes = torrent.Nodes,
            IsPrivate = torrent.IsPrivate,
            Sources = options.Sources,
            IsSearch = true,
            Timeout = options.Timeout,
            // A separate id, so that its stop does not remove a download of the same torrent from the trackers' lists.
            PeerId = PeerId.Create(),
            Port = () => port,
            // Like a peer without data: trackers would not return seeders to a seeder.
            Statistics = () => new AnnounceStatistics(0, 0, Math.Max(torrent.Length, 1)),
            PeersFound = Take,
            OnError = options.OnError,
            TimeProvider = timeProvider,
        });
    }

    public void Start()
    {
        foreach (TorrentException reason in _discoveries.Refusals)
            _options.OnError?.Invoke(reason);
        _discoveries.Start();
        _ = EndAsync();
    }

    /// <summary>The peers, without duplicate addresses, until all sources have answered or failed.</summary>
    public IAsyncEnumerable<DiscoveredPeer> ReadAsync(CancellationToken cancellationToken) => _found.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Ends the search, and removes us from lists that we may be on; within a second.</summary>
    public async ValueTask DisposeAsync()
    {
        await _discoveries.StopAsync().ConfigureAwait(false);
        await _discoveries.DisposeAsync().ConfigureAwait(false);
    }

    private async Task EndAsync()
    {
        Exception? fault = null;
        try
        {
            await _discoveries.FirstRound.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // The reader's loop ends with this exception, rather than silently.
            fault = exception;
        }
        _found.Writer.TryComplete(fault);
    }

    private void Take(IReadOnlyList<DiscoveredPeer> peers)
    {
        lock (_seen)
        {
            foreach (DiscoveredPeer peer in peers)
            {
                if (_seen.Count < MaxPeers && _filter?.Blocks(peer.EndPoint.Address) is not true && _seen.Add(peer.EndPoint))
                    _found.Writer.TryWrite(peer);
            }
        }
    }
}
