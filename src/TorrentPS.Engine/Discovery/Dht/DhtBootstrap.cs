using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>The bootstrap nodes, for a first start.</summary>
internal static class DhtBootstrap
{
    private static readonly TimeSpan s_resolveLimit = TimeSpan.FromSeconds(10);

    /// <summary>The well-known public nodes. Any of them may be down.</summary>
    public static IReadOnlyList<string> WellKnown { get; } =
        ["router.bittorrent.com:6881", "router.utorrent.com:6881", "dht.transmissionbt.com:6881", "dht.libtorrent.org:25401", "dht.aelitis.com:6881"];

    /// <summary>The well-known nodes, or those that the environment variable gives instead.</summary>
    public static IReadOnlyList<string> OfUser() => Environment.GetEnvironmentVariable("TORRENTPS_DHT_NODES") switch
    {
        null or "" => WellKnown,
        "none" => [],
        var nodes => nodes.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
    };

    /// <summary>Resolves the addresses of nodes in parallel; each is passed on as soon as it is known, and failures are ignored.</summary>
    public static Task ResolveAsync(IEnumerable<string> nodes, DhtOptions options, Action<string, IPEndPoint> found, CancellationToken cancellationToken) =>
        Task.WhenAll(nodes.Select(node => ResolveAsync(node, options, found, cancellationToken)));

    private static async Task ResolveAsync(string node, DhtOptions options, Action<string, IPEndPoint> found, CancellationToken cancellationToken)
    {
        if (!PeerAddress.TryParse(node, out PeerAddress address))
        {
            options.Log?.Invoke($"DHT: '{node}' is not the address of a node: HOST:PORT is");
            return;
        }

        try
        {
            // An IP address needs no look-up, and is known at once.
            IPAddress[] known = address.ToEndPoint() is IPEndPoint endPoint ? [endPoint.Address] : await LookUpAsync(address.Host, options, cancellationToken).ConfigureAwait(false);
            foreach (IPAddress one in known)
                found(node, new IPEndPoint(one.IsIPv4MappedToIPv6 ? one.MapToIPv4() : one, address.Port));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
        {
            if (!cancellationToken.IsCancellationRequested)
                options.Log?.Invoke($"DHT: no address is known of {address.Host}: {e.Message}");
        }
    }

    private static async Task<IPAddress[]> LookUpAsync(string host, DhtOptions options, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_resolveLimit, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        return await options.Resolve(host, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
    }
}
