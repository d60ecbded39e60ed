using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Values;

namespace TorrentPS.Engine.Http;

/// <summary>
/// Fetches small resources by HTTP/1.1: tracker replies and .torrent files. HttpClient is not used: its first request takes some 20 ms of the 300 ms of a small download,
/// it does not report the address family, and it changes percent-encoded hashes. One request per connection: the next announce is half an hour away.
/// </summary>
internal sealed class HttpFetch(TimeProvider timeProvider, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null, ReachRules? rules = null, NetworkRoute? route = null)
{
    private const int MaxRedirects = 5;
    private const int MaxAddresses = 6;

    private static readonly TimeSpan s_resolveTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(5);

    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve = resolve ?? Dns.GetHostAddressesAsync;

    private readonly NetworkRoute _route = route ?? NetworkRoute.Direct;

    /// <summary>The rules for reachable addresses.</summary>
    public ReachRules Rules { get; } = rules ?? new ReachRules();

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider => timeProvider;

    /// <summary>The proxy for all requests; null for none.</summary>
    public ProxyServer? Proxy => _route.Proxy;

    /// <summary>The route of all connections.</summary>
    public NetworkRoute Route => _route;

    /// <summary>The addresses of a host that may be contacted; none if the proxy resolves its name.</summary>
    /// <exception cref="HttpFetchException">The host has no address; an <see cref="AddressRefusedException"/> if none may be contacted.</exception>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(NamedAddress named, CancellationToken cancellationToken) =>
        Judge(named, await LookUpAsync(named.Uri, cancellationToken).ConfigureAwait(false));

    private async Task<IReadOnlyList<IPAddress>> LookUpAsync(Uri uri, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(UriHost.Of(uri), out IPAddress? literal))
            return [literal];
        if (_route.Proxy is not null)
            return [];
        using var timeout = new CancellationTokenSource(s_resolveTimeout, timeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            IPAddress[] addresses = await _resolve(UriHost.Of(uri), both.Token).ConfigureAwait(false);
            if (Array.FindAll(addresses, address => _route.Reaches(address.AddressFamily)) is { Length: > 0 } reached)
                return reached;
            if (addresses.Length > 0)
                throw new HttpFetchException($"the host name '{UriHost.Of(uri)}' has no address that can be reached from {_route.Binding}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpFetchException($"the host name '{UriHost.Of(uri)}' was not resolved within {s_resolveTimeout.TotalSeconds} s");
        }
        catch (SocketException exception)
        {
            throw new HttpFetchException($"the host name '{UriHost.Of(uri)}' cannot be resolved", exception);
        }
        catch (ArgumentException exception)
        {
            throw new HttpFetchException($"'{UriHost.Of(uri)}' is not a host name", exception);
        }
        throw new HttpFetchException($"the host name '{UriHost.Of(uri)}' has no address");
    }

    /// <summary>Fetches an http or https address, following redirects.</summary>
    /// <exception cref="HttpFetchException">There was no complete reply.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<HttpReply> GetAsync(NamedAddress named, HttpFetchOptions options, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, timeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await GetWithRedirectsAsync(named, options, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpFetchException($"there was no answer within {options.Timeout.TotalSeconds:0.#} s");
        }
        catch (SocketException exception)
        {
            throw new HttpFetchException(Describe(exception), exception);
        }
        catch (AuthenticationException exception)
        {
            throw new HttpFetchException($"the secure connection failed: {exception.Message.TrimEnd('.')}", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new HttpFetchException(exception.Message.TrimEnd('.'), exception);
        }
        catch (IOException exception)
        {
            throw new HttpFetchException(exception.InnerException is SocketException socket ? Describe(socket) : exception.Message.TrimEnd('.'), exception);
        }
    }

    /// <summary>Connects to the host of an http or https address, for the caller's own requests.</summary>
    /// <param name="named">The address.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="HttpFetchException">The host has no address; an <see cref="AddressRefusedException"/> if none may be contacted.</exception>
    /// <exception cref="SocketException">The connection failed.</exception>
    /// <exception cref="AuthenticationException">The TLS handshake failed.</exception>
    public async Task<HttpConnection> OpenAsync(NamedAddress named, CancellationToken cancellationToken)
    {
        Uri uri = named.Uri;
        List<IPAddress> addresses = Choose(await ResolveAsync(named, cancellationToken).ConfigureAwait(false), AddressFamily.Unspecified);
        (Socket socket, IPAddress? address) = await ConnectAsync(uri, addresses, cancellationToken).ConfigureAwait(false);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (uri.Scheme == "https")
            stream = await TlsClient.SecureAsync(stream, UriHost.Of(uri), cancellationToken).ConfigureAwait(false);
        return new HttpConnection(stream, address);
    }

    private async Task<HttpReply> GetWithRedirectsAsync(NamedAddress named, HttpFetchOptions options, CancellationToken cancellationToken)
    {
        string target = options.Target ?? named.Uri.PathAndQuery;
        IReadOnlyList<IPAddress>? known = options.Addresses;
        for (int redirects = 0; ; redirects++)
        {
            IReadOnlyList<IPAddress> addresses = Judge(named, known ?? await LookUpAsync(named.Uri, cancellationToken).ConfigureAwait(false));
            HttpReply reply = await GetOnceAsync(named.Uri, target, Choose(addresses, options.Family), redirects == 0, options, cancellationToken).ConfigureAwait(false);
            if (reply.Location is not { } location)
                return reply;
            if (options.Post is not null)
                throw new HttpFetchException("it redirects what was sent to it, which is not followed");
            if (redirects == MaxRedirects)
                throw new HttpFetchException($"it redirects more than {MaxRedirects} times");
            named = Rules.Redirect(named, location, reply.From);
            target = named.Uri.PathAndQuery;
            known = null;
        }
    }

    /// <summary>The addresses of a host that may be contacted.</summary>
    /// <exception cref="AddressRefusedException">There are none.</exception>
    private IReadOnlyList<IPAddress> Judge(NamedAddress named, IReadOnlyList<IPAddress> addresses)
    {
        string? refusal = null;
        if (addresses.Count == 0)
            return (refusal = Rules.Refusal(named, null)) is null ? addresses : throw new AddressRefusedException(refusal);
        var allowed = new List<IPAddress>(addresses.Count);
        foreach (IPAddress address in addresses)
        {
            if (Rules.Refusal(named, address) is { } reason)
                refusal ??= reason;
            else
                allowed.Add(address);
        }
        return allowed.Count > 0 ? allowed : throw new AddressRefusedException(refusal!);
    }

    /// <summary>The addresses of a host to try, in order; none if the proxy resolves its name.</summary>
    private static List<IPAddress> Choose(IReadOnlyList<IPAddress> addresses, AddressFamily family)
    {
        var chosen = new List<IPAddress>();
        foreach (IPAddress address in addresses)
        {
            if (chosen.Count < MaxAddresses && (family == AddressFamily.Unspecified || address.AddressFamily == family))
                chosen.Add(address);
        }
        return chosen.Count > 0 || addresses.Count == 0 ? chosen : throw new HttpFetchException("the host has no address of the right family");
    }

    private async Task<HttpReply> GetOnceAsync(Uri uri, string target, IReadOnlyList<IPAddress> addresses, bool isFirst, HttpFetchOptions options, CancellationToken cancellationToken)
    {
        (Socket socket, IPAddress? address) = await ConnectAsync(uri, addresses, cancellationToken).ConfigureAwait(false);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (uri.Scheme == "https")
                stream = await TlsClient.SecureAsync(stream, UriHost.Of(uri), cancellationToken).ConfigureAwait(false);
            // Credentials are for the host of their address: they are not sent to a redirect target.
            await stream.WriteAsync(HttpRequest.Once(uri, target, withUser: isFirst, options.Post), cancellationToken).ConfigureAwait(false);
            if (isFirst)
                options.Sent?.Invoke();
            var parser = new HttpReplyParser(options.MaxBodyLength);
            while (!parser.Advance(await stream.ReadAsync(parser.Free, cancellationToken).ConfigureAwait(false)))
                continue;
            return parser.Reply(address);
        }
        finally
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<(Socket Socket, IPAddress? Address)> ConnectAsync(Uri uri, IReadOnlyList<IPAddress> addresses, CancellationToken cancellationToken)
    {
        if (addresses.Count == 0)
            return (await _route.ConnectAsync(new DnsEndPoint(UriHost.Of(uri), uri.Port), cancellationToken).ConfigureAwait(false), null);
        for (int i = 0; ; i++)
        {
            bool isLast = i == addresses.Count - 1;
            // An unresponsive address must not use up the time of those after it.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using ITimer? timer = isLast ? null : timeProvider.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), limit, s_connectTimeout, Timeout.InfiniteTimeSpan);
            try
            {
                return (await _route.ConnectAsync(new IPEndPoint(addresses[i], uri.Port), limit.Token).ConfigureAwait(false), addresses[i]);
            }
            catch (Exception exception) when (!isLast && !cancellationToken.IsCancellationRequested && exception is SocketException or OperationCanceledException)
            {
                // tries the next address
            }
        }
    }

    /// <summary>Describes a socket error, as part of a sentence.</summary>
    internal static string Describe(SocketException exception) => exception is ProxyException ? exception.Message : exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "the connection was refused",
        SocketError.ConnectionReset or SocketError.ConnectionAborted => "the connection was closed",
        SocketError.TimedOut => "connecting took too long",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable => "there is no route to it",
        _ => exception.Message.TrimEnd('.'),
    };
}
