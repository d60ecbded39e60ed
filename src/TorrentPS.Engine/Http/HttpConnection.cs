using System.Net;

namespace TorrentPS.Engine.Http;

/// <summary>
/// A connection for successive HTTP/1.1 GETs, each after the body of the previous one is read. Unlike <see cref="HttpFetch"/> it does not buffer bodies: the caller reads
/// them as they arrive.
/// </summary>
internal sealed class HttpConnection(Stream stream, IPAddress? from) : IDisposable
{
    private readonly HttpReplyReader _reader = new();

    /// <summary>The address of the server; null if only a proxy knows it.</summary>
    public IPAddress? From => from;

    /// <summary>Whether another request can be sent: the last body was read completely, and the server keeps the connection open.</summary>
    public bool IsReusable => _reader.IsReusable;

    /// <summary>Sends a GET and reads the head of the reply.</summary>
    /// <param name="uri">The address. Its user info is sent as credentials.</param>
    /// <param name="range">The first and last byte of the requested range; null for everything.</param>
    /// <param name="cancellationToken">Cancels; the connection cannot be used afterwards.</param>
    /// <exception cref="InvalidDataException">The reply is not HTTP, or exceeds a limit.</exception>
    /// <exception cref="IOException">The connection was lost.</exception>
    public async Task<HttpHead> GetAsync(Uri uri, (long First, long Last)? range, CancellationToken cancellationToken)
    {
        _reader.Begin();
        await stream.WriteAsync(HttpRequest.Get(uri, range), cancellationToken).ConfigureAwait(false);
        while (_reader.Head is null)
            _reader.Advance(await ReadMoreAsync(_reader.Free, cancellationToken).ConfigureAwait(false));
        return _reader.Head;
    }

    /// <summary>Reads the next bytes of the body; 0 at its end.</summary>
    /// <param name="destination">Receives the bytes; not empty.</param>
    /// <param name="cancellationToken">Cancels; the connection cannot be used afterwards.</param>
    /// <exception cref="InvalidDataException">The body contradicts the head.</exception>
    /// <exception cref="IOException">The connection was lost.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        while (true)
        {
            int count = _reader.Take(destination.Span);
            if (count > 0 || _reader.IsComplete)
                return count;
            if (_reader.Direct is > 0 and long direct)
            {
                count = await ReadMoreAsync(destination[..(int)Math.Min(destination.Length, direct)], cancellationToken).ConfigureAwait(false);
                _reader.PassBy(count);
                return count;
            }

            _reader.Advance(await ReadMoreAsync(_reader.Free, cancellationToken).ConfigureAwait(false));
        }
    }

    private async ValueTask<int> ReadMoreAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        int count = await stream.ReadAsync(destination, cancellationToken).ConfigureAwait(false);
        return count > 0 || _reader.MayEnd ? count : throw new IOException(_reader.Head is null ? "the connection was closed before there was a reply" : "the reply was broken off");
    }

    public void Dispose() => stream.Dispose();
}
