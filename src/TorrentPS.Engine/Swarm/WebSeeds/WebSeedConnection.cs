using System.Globalization;
using System.Text;
using TorrentPS.Engine.Http;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>The connection of a lane to its web seed: opened on demand, kept while it is reusable, and moved by redirects.</summary>
internal sealed class WebSeedConnection(IWebSeedSwarm swarm, WebSeed seed)
{
    private const int MaxRedirects = 5;

    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_headLimit = TimeSpan.FromSeconds(30);

    private HttpConnection? _open;
    private string? _openTo;

    /// <summary>Sends a request, and follows redirects.</summary>
    /// <param name="address">The address.</param>
    /// <param name="range">The range of bytes; null for everything.</param>
    /// <param name="file">The file at the address, whose redirects are remembered; negative for none.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<HttpHead> AskAsync(NamedAddress address, (long First, long Last)? range, int file, CancellationToken cancellationToken)
    {
        for (int redirects = 0; ; redirects++)
        {
            HttpHead head = await AskOnceAsync(address, range, cancellationToken);
            if (!head.IsPlain)
                throw new WebSeedException("it sends its files compressed", WebSeedFault.Useless);
            if (head.Status is not (301 or 302 or 303 or 307 or 308) || head.Location is not { } location)
            {
                if (redirects > 0 && file >= 0)
                    seed.Moved(file, address); // with its reach, in case its name leads elsewhere later
                return head;
            }

            if (redirects == MaxRedirects)
                throw new WebSeedException($"it redirects more than {MaxRedirects} times", WebSeedFault.Useless);
            address = swarm.Http.Rules.Redirect(address, location, _open!.From);
            Close(); // the body of a redirect is not needed
        }
    }

    /// <summary>Reads bytes of the body; 0 at its end.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => _open!.ReadAsync(buffer, cancellationToken);

    /// <summary>Reads the rest of the body, so that the connection can be reused.</summary>
    public async Task FinishBodyAsync(CancellationToken cancellationToken)
    {
        if (_open is not { IsReusable: false } open)
            return;
        if (await open.ReadAsync(new byte[1], cancellationToken) > 0 || !open.IsReusable)
            Close();
    }

    /// <summary>The seconds to wait in the body of a busy server's reply (BEP 17).</summary>
    public async Task<double?> ReadSecondsAsync(CancellationToken cancellationToken)
    {
        byte[] body = new byte[64];
        int used = 0;
        for (int count; used < body.Length && (count = await ReadAsync(body.AsMemory(used), cancellationToken)) > 0;)
            used += count;
        return double.TryParse(Encoding.ASCII.GetString(body, 0, used).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out double seconds) ? seconds : null;
    }

    /// <summary>Closes a connection that will not be reusable after a pause. A server keeps an idle connection open for some seconds.</summary>
    public void CloseIdle()
    {
        if (_open is { IsReusable: false })
            Close();
    }

    public void Close()
    {
        _open?.Dispose();
        _open = null;
    }

    private async Task<HttpHead> AskOnceAsync(NamedAddress address, (long First, long Last)? range, CancellationToken cancellationToken)
    {
        string origin = address.Uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
        // The permission for the first address does not cover others over the same connection.
        if (_open is { IsReusable: true } open && _openTo == origin && swarm.Http.Rules.Refusal(address, open.From) is null)
        {
            try
            {
                return await GetHeadAsync(open, address.Uri, range, cancellationToken);
            }
            catch (IOException)
            {
                // The server closed an idle connection, as it may: retried once, on a new one.
            }
        }

        Close();
        using (var limit = new CancellationTokenSource(s_connectLimit, swarm.TimeProvider))
        using (var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token))
        {
            try
            {
                _open = await swarm.Http.OpenAsync(address, both.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new WebSeedException("it could not be connected to in time", WebSeedFault.Passing);
            }
        }

        _openTo = origin;
        return await GetHeadAsync(_open, address.Uri, range, cancellationToken);
    }

    private async Task<HttpHead> GetHeadAsync(HttpConnection open, Uri uri, (long First, long Last)? range, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_headLimit, swarm.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await open.GetAsync(uri, range, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WebSeedException("it did not answer in time", WebSeedFault.Passing);
        }
    }
}
