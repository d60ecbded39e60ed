using System.Net;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// The peers that the user gave by host name. Names are resolved in parallel in the background; failures are reported once, and retried when peers are short.
/// </summary>
internal sealed class NamedPeers : IPeerDiscovery
{
    private const int MaxAddresses = 4;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_retryPause = TimeSpan.FromSeconds(60);

    private readonly DiscoveryRequest _request;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _firstRound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<DnsEndPoint> _failed = [];
    private long _failedAt;
    private int _pending;
    private TorrentException? _failure;

    public NamedPeers(DiscoveryRequest request, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _request = request;
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
    }

    public PeerSource Source => PeerSource.Manual;

    /// <summary>A resolved name is not an answer: only a connection shows whether there is a peer.</summary>
    public bool AnyAnswered => false;

    public TorrentException? Failure
    {
        get
        {
            lock (_lock)
                return _pending > 0 ? null : _failure;
        }
    }

    public Task FirstRound => _firstRound.Task;

    public void Start()
    {
        _failure = new TorrentException(TorrentErrorId.NoPeers, $"None of the given peers of '{_request.Name}' could be reached.");
        Resolve(_request.PeerNames, isFirst: true);
    }

    public void RequestMore()
    {
        DnsEndPoint[] again;
        lock (_lock)
        {
            if (_pending > 0 || _failed.Count == 0 || _request.TimeProvider.GetElapsedTime(_failedAt) < s_retryPause)
                return;
            again = [.. _failed];
            _failed.Clear();
        }

        Resolve(again, isFirst: false);
    }

    public void Completed()
    {
    }

    public Task StopAsync(TimeSpan limit) => _ending.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _ending.Dispose();
    }

    private void Resolve(IReadOnlyList<DnsEndPoint> names, bool isFirst)
    {
        lock (_lock)
            _pending += names.Count;
        foreach (DnsEndPoint name in names)
            _ = ResolveAsync(name, isFirst, _ending.Token);
    }

    private async Task ResolveAsync(DnsEndPoint name, bool isFirst, CancellationToken cancellationToken)
    {
        try
        {
            // Up to the limit, even if the resolver does not react to its token.
            IPAddress[] addresses = await _resolve(name.Host, cancellationToken).WaitAsync(s_limit, _request.TimeProvider, cancellationToken).ConfigureAwait(false);
            if (addresses.Length == 0)
                throw new SocketException((int)SocketError.HostNotFound);
            // The system orders addresses by preference (RFC 6724).
            _request.PeersFound([.. addresses.Take(MaxAddresses).Select(address => new DiscoveredPeer(new IPEndPoint(address, name.Port), PeerSource.Manual, null, default))]);
        }
        catch (OperationCanceledException)
        {
            // the torrent ends
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException or ArgumentException)
        {
            Fail(name, isFirst, exception);
        }
        catch (Exception exception)
        {
            _request.Log?.Invoke($"The addresses of '{name.Host}' are left out by a fault of this program: {exception}");
        }
        finally
        {
            bool isLast;
            lock (_lock)
                isLast = --_pending == 0;
            if (isLast)
                _firstRound.TrySetResult();
        }
    }

    private void Fail(DnsEndPoint name, bool isFirst, Exception cause)
    {
        var failure = new TorrentException(
            TorrentErrorId.UnknownHost,
            cause is ProxyException ? $"The peer's name '{name.Host}' is not looked up, since {cause.Message}: give the IP address." : $"The peer's name '{name.Host}' has no address{(cause is TimeoutException ? $" that was found within {s_limit.TotalSeconds:0} s" : "")}; check how it is written, or give the IP address.",
            cause);
        lock (_lock)
        {
            _failed.Add(name);
            _failedAt = _request.TimeProvider.GetTimestamp();
            _failure = failure;
        }

        if (isFirst)
            _request.OnError?.Invoke(failure);
        _request.Log?.Invoke(failure.Message);
    }
}
