using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Trackers;

/// <summary>A tracker that does what the test says, at once unless told to wait.</summary>
internal sealed class FakeTracker(Uri uri) : ITracker
{
    public Uri Uri => uri;

    public List<AnnounceRequest> Requests { get; } = [];

    public IEnumerable<AnnounceEvent> Events => Requests.Select(request => request.Event);

    /// <summary>How many peers it names.</summary>
    public int Peers { get; set; } = TrackerAnnouncer.PeersWanted;

    /// <summary>Everything else that it answers.</summary>
    public AnnounceResponse Response { get; set; } = new() { Interval = TimeSpan.FromSeconds(900) };

    /// <summary>What it fails with.</summary>
    public TorrentErrorId? Error { get; set; }

    /// <summary>What is wrong with this program when it is asked.</summary>
    public Exception? Fault { get; set; }

    /// <summary>When set, it does not answer before this is done.</summary>
    public TaskCompletionSource? Hold { get; set; }

    /// <summary>Whether a request leaves though there is no answer.</summary>
    public bool Sends { get; set; } = true;

    /// <summary>Whether it goes on though it is cancelled.</summary>
    public bool IgnoresCancellation { get; set; }

    public async Task<AnnounceResponse> AnnounceAsync(AnnounceRequest request, CancellationToken cancellationToken)
    {
        Requests.Add(request);
        if (Sends)
            request.Sent?.Invoke();
        if (Hold is { } hold)
            await hold.Task.WaitAsync(IgnoresCancellation ? CancellationToken.None : cancellationToken);
        if (Fault is { } fault)
            throw fault;
        if (Error is { } error)
            throw new TorrentException(error, "It failed.");
        return Response with { Peers = [.. Enumerable.Range(1, Peers).Select(port => new DiscoveredPeer(new IPEndPoint(0x07000001, port), PeerSource.Tracker, uri, default))] };
    }

    public Task<ScrapeResponse> ScrapeAsync(IReadOnlyList<InfoHash> infoHashes, TimeSpan? patience, CancellationToken cancellationToken) => throw new NotSupportedException();
}
