using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Discovery.Searches;

/// <summary>Asks a tracker of this program for the machines of a torrent's swarm, once or until enough of them have complete data.</summary>
internal sealed class SwarmQuery(TorrentInfo torrent, SwarmQueryOptions options, HttpFetch http)
{
    private readonly HttpTracker[] _trackers =
        [.. (options.Trackers.Count > 0 ? options.Trackers : torrent.Trackers.SelectMany(tier => tier)).Select(HttpAddress).OfType<Uri>().Distinct().Select(uri => new HttpTracker(uri, http))];

    private TimeProvider Time => http.TimeProvider;

    /// <summary>Asks. While waiting, a tracker that does not answer is asked again.</summary>
    /// <exception cref="TorrentException">No tracker lists its peers (<c>TrackerUnreachable</c>, <c>TrackerFailure</c>), or there is none (<c>NoPeers</c>).</exception>
    public async Task<TorrentSwarm> RunAsync(CancellationToken cancellationToken)
    {
        if (_trackers.Length == 0)
            throw new TorrentException(TorrentErrorId.NoPeers, $"The torrent '{torrent.Name}' has no HTTP or UDP tracker to ask for its swarm; give its announce address.");
        long begin = Time.GetTimestamp();
        while (true)
        {
            (TorrentSwarm? swarm, TorrentException? error) = await AskAsync(cancellationToken).ConfigureAwait(false);
            if (options.Until is not { } wanted)
                return swarm ?? throw error!;
            if (swarm is not null)
                options.OnAnswer?.Invoke(swarm);
            if (swarm?.CompleteCount >= wanted)
                return swarm;
            TimeSpan left = options.UntilTimeout is { } limit ? limit - Time.GetElapsedTime(begin) : Timeout.InfiniteTimeSpan;
            if (options.UntilTimeout is not null && left <= TimeSpan.Zero)
                return swarm is null ? throw error! : swarm with { IsTimedOut = true };
            // A refusal does not pass by waiting.
            if (error is { ErrorId: TorrentErrorId.TrackerFailure })
                throw error;
            await Task.Delay(options.UntilTimeout is not null && left < options.Pause ? left : options.Pause, Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(TorrentSwarm? Swarm, TorrentException? Error)> AskAsync(CancellationToken cancellationToken)
    {
        TorrentException? first = null;
        foreach (HttpTracker tracker in _trackers)
        {
            using var limit = new CancellationTokenSource(options.Timeout, Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                return (new TorrentSwarm(Machines(await tracker.ListAsync(torrent.Torrent.InfoHash, either.Token).ConfigureAwait(false), tracker.Uri)), null);
            }
            catch (TorrentException exception)
            {
                first ??= exception;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                first ??= TrackerErrors.Unreachable(tracker.Uri, $"there was no answer within {options.Timeout.TotalSeconds:0.#} s");
            }
        }

        return (null, first);
    }

    /// <summary>One for each machine: a client that announces from an IPv4 and an IPv6 address has one peer id, and is the one that announced last.</summary>
    private TorrentSwarmPeer[] Machines(List<ListedPeer> peers, Uri tracker)
    {
        DateTimeOffset now = Time.GetLocalNow();
        return [.. peers
            .GroupBy(peer => Convert.ToHexString(peer.PeerId))
            .Select(same => same.OrderBy(peer => peer.Age).ThenBy(peer => peer.EndPoint.AddressFamily).First())
            .OrderBy(peer => peer.Left ?? long.MaxValue)
            .Select(peer => new TorrentSwarmPeer
            {
                Address = peer.EndPoint.Address.ToString(),
                Port = peer.EndPoint.Port,
                Client = Wire.PeerId.ClientName(peer.PeerId),
                PeerId = Wire.PeerId.ToText(peer.PeerId),
                BytesLeft = peer.Left,
                PercentComplete = Percent(peer.Left),
                LastSeen = now - peer.Age,
                InfoHash = torrent.InfoHash,
                TorrentName = torrent.Name,
                Tracker = tracker,
            })];
    }

    private double? Percent(long? left) => left switch
    {
        null => null,
        0 => 100,
        _ when torrent.Length is > 0 and { } length => Math.Clamp(Math.Floor(1000.0 * (length - left.Value) / length) / 10, 0, 99.9),
        _ => null,
    };

    // The tracker of this program has one port for both protocols.
    private static Uri? HttpAddress(Uri tracker) => tracker.Scheme switch
    {
        "http" or "https" => tracker,
        "udp" => new UriBuilder(tracker) { Scheme = "http", Path = tracker.AbsolutePath is "" or "/" ? "/announce" : tracker.AbsolutePath }.Uri,
        _ => null,
    };
}
