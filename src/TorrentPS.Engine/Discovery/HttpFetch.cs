using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Engine.Discovery;

/// <summary>
/// Gets small things by HTTP/1.1: tracker replies and .torrent files. Not HttpClient, whose first request takes some 20 ms longer of
/// the 300 ms that a small download has, and which neither tells the address family nor leaves percent-encoded hashes alone.
/// One request a connection: the next announce is half an hour away.
/// </summary>
internal sealed class HttpFetch(TimeProvider timeProvider, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null, Predicate<IPAddress>? isLocal = null, Func<bool>? allowsPrivate = null, NetworkRoute? route = null)
{
    private const int MaxRedirects = 5;
    private const int MaxAddresses = 6;

    private static readonly TimeSpan s_resolveTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(5);

    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve = resolve ?? Dns.GetHostAddressesAsync;

    private readonly NetworkRoute _route = route ?? NetworkRoute.Direct;

    private readonly Predicate<IPAddress> _isLocal = isLocal ?? IsLocal;

    /// <summary>Whether the user allows what leads into the local network from outside.</summary>
    public bool AllowsPrivate => allowsPrivate?.Invoke() ?? false;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider => timeProvider;

    /// <summary>The proxy that everything goes through; null without one.</summary>
    public ProxyServer? Proxy => _route.Proxy;

    /// <summary>How everything goes out.</summary>
    public NetworkRoute Route => _route;

    /// <summary>The addresses of a host; none where it is a name that the proxy looks up.</summary>
    /// <exception cref="HttpFetchException">There are none.</exception>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(Uri uri, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(uri.IdnHost, out IPAddress? literal))
            return [literal];
        if (_route.Proxy is not null)
            return [];
        using var timeout = new CancellationTokenSource(s_resolveTimeout, timeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            IPAddress[] addresses = await _resolve(uri.IdnHost, both.Token).ConfigureAwait(false);
            if (Array.FindAll(addresses, address => _route.Reaches(address.AddressFamily)) is { Length: > 0 } reached)
                return reached;
            if (addresses.Length > 0)
                throw new HttpFetchException($"the host name '{uri.IdnHost}' has no address that can be reached from {_route.Binding}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpFetchException($"the host name '{uri.IdnHost}' was not resolved within {s_resolveTimeout.TotalSeconds} s");
        }
        catch (SocketException exception)
        {
            throw new HttpFetchException($"the host name '{uri.IdnHost}' cannot be resolved", exception);
        }
        catch (ArgumentException exception)
        {
            throw new HttpFetchException($"'{uri.IdnHost}' is not a host name", exception);
        }
        throw new HttpFetchException($"the host name '{uri.IdnHost}' has no address");
    }

    /// <summary>Gets what is at an http or https address, following redirects.</summary>
    /// <exception cref="HttpFetchException">There was no whole answer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<HttpReply> GetAsync(Uri uri, HttpFetchOptions options, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, timeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await GetWithRedirectsAsync(uri, options, both.Token).ConfigureAwait(false);
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

    /// <summary>Connects to the host of an http or https address, for requests of one's own.</summary>
    /// <param name="uri">The address.</param>
    /// <param name="mayBeLocal">Whether the host may be in the local network: not where somebody in the Internet named it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HttpFetchException">The host has no address that may be connected to.</exception>
    /// <exception cref="SocketException">It cannot be connected to.</exception>
    /// <exception cref="AuthenticationException">The secure connection failed.</exception>
    public async Task<HttpConnection> OpenAsync(Uri uri, bool mayBeLocal, CancellationToken cancellationToken)
    {
        if (!mayBeLocal && _route.Proxy is not null && TrackerTargets.IsLocalName(uri))
            throw IntoLocalNetwork();
        IReadOnlyList<IPAddress> addresses = Choose(await ResolveAsync(uri, cancellationToken).ConfigureAwait(false), AddressFamily.Unspecified, mayBeLocal);
        (Socket socket, IPAddress? address) = await ConnectAsync(uri, addresses, cancellationToken).ConfigureAwait(false);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (uri.Scheme == "https")
            stream = await SecureAsync(stream, uri.IdnHost, cancellationToken).ConfigureAwait(false);
        return new HttpConnection(stream, address);
    }

    /// <summary>Whether an address is of this machine or of a private network; not one that a proxy knows alone.</summary>
    public bool IsLocalAddress(IPAddress? address) => address is not null && _isLocal(address);

    private async Task<HttpReply> GetWithRedirectsAsync(Uri uri, HttpFetchOptions options, CancellationToken cancellationToken)
    {
        string target = options.Target ?? uri.PathAndQuery;
        IReadOnlyList<IPAddress>? addresses = options.Addresses;
        bool mayBeLocal = true;
        for (int redirects = 0; ; redirects++)
        {
            if (!mayBeLocal && _route.Proxy is not null && TrackerTargets.IsLocalName(uri))
                throw IntoLocalNetwork();
            addresses = Choose(addresses ?? await ResolveAsync(uri, cancellationToken).ConfigureAwait(false), options.Family, mayBeLocal);
            HttpReply reply = await GetOnceAsync(uri, target, addresses, redirects == 0, options, cancellationToken).ConfigureAwait(false);
            if (reply.Location is not { } location)
                return reply;
            if (options.Post is not null)
                throw new HttpFetchException("it redirects what was sent to it, which is not followed");
            if (redirects == MaxRedirects)
                throw new HttpFetchException($"it redirects more than {MaxRedirects} times");
            uri = Redirect(uri, location);
            target = uri.PathAndQuery;
            addresses = null;
            // A server in the Internet must not send us to services of the user's own network.
            mayBeLocal &= (reply.From is { } from && _isLocal(from)) || AllowsPrivate;
        }
    }

    /// <summary>Where an address redirects to.</summary>
    /// <exception cref="HttpFetchException">That is not followed.</exception>
    internal static Uri Redirect(Uri from, string location)
    {
        if (!Uri.TryCreate(from, location, out Uri? to))
            throw new HttpFetchException("it redirects to something that is not an address");
        if (to.Scheme is not ("http" or "https"))
            throw new HttpFetchException($"it redirects to a '{to.Scheme}' address, which is not followed");
        if (from.Scheme == "https" && to.Scheme == "http")
            throw new HttpFetchException("it redirects from https to http, which is not followed");
        return to;
    }

    /// <summary>Those of a host's addresses that may be connected to, in order.</summary>
    private List<IPAddress> Choose(IReadOnlyList<IPAddress> addresses, AddressFamily family, bool mayBeLocal)
    {
        var chosen = new List<IPAddress>();
        if (_route.Proxy is not null && addresses.Count == 0)
            return chosen;
        bool isAnyLocal = false;
        foreach (IPAddress address in addresses)
        {
            if (family != AddressFamily.Unspecified && address.AddressFamily != family)
                continue;
            if (!mayBeLocal && _isLocal(address))
                isAnyLocal = true;
            else if (chosen.Count < MaxAddresses)
                chosen.Add(address);
        }
        if (chosen.Count == 0)
            throw isAnyLocal ? IntoLocalNetwork() : new HttpFetchException("the host has no address of the right family");
        return chosen;
    }

    private static HttpFetchException IntoLocalNetwork() => new($"it redirects from the Internet into the local network, which is not followed; {TrackerTargets.OptOut}");

    private async Task<HttpReply> GetOnceAsync(Uri uri, string target, IReadOnlyList<IPAddress> addresses, bool isFirst, HttpFetchOptions options, CancellationToken cancellationToken)
    {
        (Socket socket, IPAddress? address) = await ConnectAsync(uri, addresses, cancellationToken).ConfigureAwait(false);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (uri.Scheme == "https")
                stream = await SecureAsync(stream, uri.IdnHost, cancellationToken).ConfigureAwait(false);
            await stream.WriteAsync(Request(uri, target, isFirst, options.Post), cancellationToken).ConfigureAwait(false);
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

    // Apart from the rest, which then does without loading the assembly of TLS. The certificate is checked as the system says.
    private async Task<Stream> SecureAsync(Stream stream, string host, CancellationToken cancellationToken)
    {
        var secure = new SslStream(stream);
        try
        {
            await secure.AuthenticateAsClientAsync(Tls(host), cancellationToken).ConfigureAwait(false);
            return secure;
        }
        catch (AuthenticationException exception) when (CertificateRefusedException.From(host, exception) is { } refusal)
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            throw refusal;
        }
        catch
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private SslClientAuthenticationOptions Tls(string host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        // The system would fetch what is missing of a certificate's chain by itself, around the proxy.
        if (_route.Proxy is not null)
            options.CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
        return options;
    }

    private async Task<(Socket Socket, IPAddress? Address)> ConnectAsync(Uri uri, IReadOnlyList<IPAddress> addresses, CancellationToken cancellationToken)
    {
        if (addresses.Count == 0)
            return (await _route.ConnectAsync(new DnsEndPoint(uri.IdnHost, uri.Port), cancellationToken).ConfigureAwait(false), null);
        for (int i = 0; ; i++)
        {
            bool isLast = i == addresses.Count - 1;
            // A silent address must not use up the time of those after it.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using ITimer? timer = isLast ? null : timeProvider.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), limit, s_connectTimeout, Timeout.InfiniteTimeSpan);
            try
            {
                return (await _route.ConnectAsync(new IPEndPoint(addresses[i], uri.Port), limit.Token).ConfigureAwait(false), addresses[i]);
            }
            catch (Exception exception) when (!isLast && !cancellationToken.IsCancellationRequested && exception is SocketException or OperationCanceledException)
            {
                // the next one
            }
        }
    }

    private static byte[] Request(Uri uri, string target, bool isFirst, HttpPost? post)
    {
        string host = uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.IdnHost}]" : uri.IdnHost;
        string port = uri.IsDefaultPort ? "" : $":{uri.Port}";
        // The user part of an address is for its own host: it is not sent on to where that redirects.
        string authorization = isFirst && uri.UserInfo.Length > 0
            ? $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(uri.UserInfo)))}\r\n" : "";
        string content = post is null ? "" : $"Content-Type: {post.ContentType}\r\nContent-Length: {post.Body.Length}\r\n{post.Headers}";
        byte[] head = Encoding.ASCII.GetBytes($"{(post is null ? "GET" : "POST")} {target} HTTP/1.1\r\nHost: {host}{port}\r\nUser-Agent: TorrentPS/0.1.0\r\nAccept: */*\r\n" +
            $"Accept-Encoding: gzip, deflate\r\n{content}{authorization}Connection: close\r\n\r\n");
        return post is null ? head : [.. head, .. post.Body.Span];
    }

    /// <summary>Whether an address is of this machine or of a private network, rather than of the Internet.</summary>
    internal static bool IsLocal(IPAddress address) => AddressRules.ReachOf(address) != AddressReach.World;

    /// <summary>What a socket's error means, as part of a sentence.</summary>
    internal static string Describe(SocketException exception) => exception is ProxyException ? exception.Message : exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "the connection was refused",
        SocketError.ConnectionReset or SocketError.ConnectionAborted => "the connection was closed",
        SocketError.TimedOut => "connecting took too long",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable => "there is no route to it",
        _ => exception.Message.TrimEnd('.'),
    };
}
