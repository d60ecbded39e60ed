using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Discovery.Local;

/// <summary>Finds the peers of one torrent in the local network (BEP 14).</summary>
internal sealed class LocalDiscovery : IPeerDiscovery
{
    /// <summary>How long a search waits for more answers if other sources are asked, too: the local network answers at once or not at all.</summary>
    private static readonly TimeSpan s_searchTime = TimeSpan.FromSeconds(1);

    /// <summary>Without an answer for this long, none is expected.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly LocalDiscoveryService _service;
    private readonly DiscoveryRequest _request;
    private readonly TaskCompletionSource _firstRound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending = new();
    private volatile TorrentException? _failure;
    private volatile bool _anyAnswered;

    public LocalDiscovery(LocalDiscoveryService service, DiscoveryRequest request)
    {
        (_service, _request) = (service, request);
        InfoHashes = HashesOf(request.InfoHash);
    }

    public PeerSource Source => PeerSource.LocalDiscovery;

    public bool AnyAnswered => _anyAnswered;

    public TorrentException? Failure => _anyAnswered ? null : _failure;

    public Task FirstRound => _firstRound.Task;

    /// <summary>The hashes to announce: each of the torrent's hashes, because others may know only one.</summary>
    public IReadOnlyList<InfoHash> InfoHashes { get; }

    /// <summary>The port to announce; 0 for a search.</summary>
    public int Port => _request.IsSearch ? 0 : _request.Port();

    public bool IsSearch => _request.IsSearch;

    /// <summary>When it was last announced, by the clock's timestamps; used only by the service.</summary>
    public long? AnnouncedAt { get; set; }

    public void Start()
    {
        try
        {
            _service.Add(this);
        }
        catch (TorrentException exception)
        {
            _failure = exception;
            _request.OnError?.Invoke(exception);
            _request.Log?.Invoke(exception.Message);
            _firstRound.TrySetResult();
            return;
        }

        _ = WaitAsync();
    }

    public void RequestMore() => _service.Announce(this);

    public void Completed()
    {
    }

    /// <summary>A client in the local network has the torrent.</summary>
    public void Heard(IPEndPoint peer)
    {
        _anyAnswered = true;
        _request.PeersFound([new DiscoveredPeer(peer, PeerSource.LocalDiscovery, null, default)]);
    }

    public async Task StopAsync(TimeSpan limit)
    {
        _service.Remove(this);
        await _ending.CancelAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero).ConfigureAwait(false);
        _ending.Dispose();
    }

    private static IReadOnlyList<InfoHash> HashesOf(InfoHash infoHash)
    {
        var first = InfoHash.Create(infoHash.Wire);
        return infoHash is { HasV1: true, HasV2: true } ? [first, InfoHash.Create(infoHash.V2[..InfoHash.V1Length])] : [first];
    }

    private async Task WaitAsync()
    {
        // Without other sources, it waits for the regular announces of other clients.
        bool isAlone = _request.Sources is { Count: 1 };
        TimeSpan time = !_request.IsSearch ? s_patience : isAlone || _request.Timeout < s_searchTime ? _request.Timeout : s_searchTime;
        try
        {
            await Task.Delay(time, _request.TimeProvider, _ending.Token).ConfigureAwait(false);
            _failure = new TorrentException(TorrentErrorId.NoPeers, $"No peer in the local network announced '{_request.Name}'.");
        }
        catch (OperationCanceledException)
        {
            // the torrent ends
        }

        _firstRound.TrySetResult();
    }
}
