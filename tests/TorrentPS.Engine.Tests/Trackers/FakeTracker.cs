using System.Net;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Trackers;

namespace TorrentPS.Engine.Tests.Trackers;

/// <summary>A scripted tracker, which answers at once unless told to wait.</summary>
internal sealed class FakeTracker(Uri uri) : ITracker
{
    public Uri Uri => uri;

    public List<AnnounceRequest> Requests { get; } = [];

    public IEnumerable<AnnounceEvent> Events => Requests.Select(request => request.Event);

    /// <summary>The number of peers in its answer.</summary>
    public int Peers { get; set; } = TrackerAnnouncer.PeersWanted;

    /// <summary>The rest of its answer.</summary>
    public AnnounceResponse Response { get; set; } = new() { Interval = TimeSpan.FromSeconds(900) };

    /// <summary>Its error.</summary>
    public TorrentErrorId? Error { get; set; }

    /// <summary>A fault of this program, thrown by the announce.</summary>
    public Exception? Fault { get; set; }

    /// <summary>If set, it does not answer before this completes.</summary>
    public TaskCompletionSource? Hold { get; set; }

    /// <summary>Whether a request is sent even without an answer.</summary>
    public bool Sends { get; set; } = true;

    /// <summary>Whether it ignores cancellation.</summary>
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
