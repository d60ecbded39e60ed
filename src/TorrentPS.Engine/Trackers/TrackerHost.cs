using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Discovery;
using TorrentPS.Engine.Http;

namespace TorrentPS.Engine.Trackers;

/// <summary>The host of a tracker, for every protocol: its addresses, and announces over both address families.</summary>
internal sealed class TrackerHost(Uri uri, HttpFetch http)
{
    /// <summary>The address, with its reach.</summary>
    public NamedAddress Address { get; } = NamedAddress.OfTracker(uri);

    // How long the answer of one address family waits for the other.
    private static readonly TimeSpan s_otherFamilyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The addresses of the host that may be contacted.</summary>
    /// <param name="cancellationToken">Cancels the look-up.</param>
    /// <exception cref="Errors.TorrentException"><c>TrackerUnreachable</c>: there is no address, or none that may be contacted.</exception>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await http.ResolveAsync(Address, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpFetchException exception)
        {
            throw TrackerErrors.Unreachable(uri, exception.Message, exception);
        }
    }

    /// <summary>
    /// Announces over both address families (BEP 7): by one announce, a tracker with addresses of both learns only one of ours, and may answer with peers of that family
    /// only.
    /// </summary>
    /// <param name="request">The announce.</param>
    /// <param name="addresses">The host's addresses.</param>
    /// <param name="announce">Announces to the addresses of one family, or of any for <see cref="AddressFamily.Unspecified"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<AnnounceResponse> AnnounceAsync(
        AnnounceRequest request, IReadOnlyList<IPAddress> addresses, Func<AddressFamily, CancellationToken, Task<AnnounceResponse>> announce, CancellationToken cancellationToken)
    {
        if (!Has(addresses, AddressFamily.InterNetwork) || !Has(addresses, AddressFamily.InterNetworkV6))
            return await announce(AddressFamily.Unspecified, cancellationToken).ConfigureAwait(false);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<AnnounceResponse> v4 = announce(AddressFamily.InterNetwork, both.Token);
        Task<AnnounceResponse> v6 = announce(AddressFamily.InterNetworkV6, both.Token);
        Task<AnnounceResponse> first = await Task.WhenAny(v4, v6).ConfigureAwait(false);
        Task<AnnounceResponse> second = first == v4 ? v6 : v4;
        if (first.IsCompletedSuccessfully)
        {
            using ITimer timer = http.TimeProvider.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), both, s_otherFamilyTimeout, Timeout.InfiniteTimeSpan);
            if (!second.IsCompleted)
                request.PartReceived?.Invoke(first.Result);
            await ((Task)second).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await ((Task)Task.WhenAll(v4, v6)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (v4.IsCompletedSuccessfully && v6.IsCompletedSuccessfully)
            return Merge(v4.Result, v6.Result);
        cancellationToken.ThrowIfCancellationRequested();
        // One family is enough: most hosts have a route only for IPv4.
        return v6.IsCompletedSuccessfully ? v6.Result : await v4.ConfigureAwait(false);
    }

    private AnnounceResponse Merge(AnnounceResponse v4, AnnounceResponse v6)
    {
        var peers = new PeerCollector(PeerSource.Tracker, uri);
        peers.AddRange(v4.Peers);
        peers.AddRange(v6.Peers);
        return v4 with
        {
            Peers = peers.Peers,
            Interval = Max(v4.Interval, v6.Interval),
            IsNear = v4.IsNear && v6.IsNear,
            MinInterval = Max(v4.MinInterval, v6.MinInterval),
            TrackerId = v4.TrackerId.IsEmpty ? v6.TrackerId : v4.TrackerId,
            Warning = v4.Warning ?? v6.Warning,
        };
    }

    private static bool Has(IReadOnlyList<IPAddress> addresses, AddressFamily family)
    {
        foreach (IPAddress address in addresses)
        {
            if (address.AddressFamily == family)
                return true;
        }
        return false;
    }

    private static TimeSpan? Max(TimeSpan? a, TimeSpan? b) => a is null || b > a ? b : a;
}
