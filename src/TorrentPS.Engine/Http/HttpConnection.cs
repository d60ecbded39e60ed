using System.Net;

namespace TorrentPS.Engine.Http;

/// <summary>
/// A connection that serves one HTTP/1.1 GET after the other, none before the body of the last is read. Unlike <see cref="HttpFetch"/> it keeps
/// no body: that goes where the caller says, as it comes.
/// </summary>
internal sealed class HttpConnection(Stream stream, IPAddress? from) : IDisposable
{
    private readonly HttpReplyReader _reader = new();

    /// <summary>The address that answers; null where a proxy knows it alone.</summary>
    public IPAddress? From => from;

    /// <summary>Whether another request may be sent: the last body was read to its end, and the server keeps the connection.</summary>
    public bool IsReusable => _reader.IsReusable;

    /// <summary>Sends a GET and reads the head of the answer.</summary>
    /// <param name="uri">The address. Its user part is sent as credentials.</param>
    /// <param name="range">The first and the last byte wanted; null for all.</param>
    /// <param name="cancellationToken">Ends it; the connection is of no use then.</param>
    /// <exception cref="InvalidDataException">The answer is not HTTP, or is beyond a limit.</exception>
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
    /// <param name="destination">Where they go; not empty.</param>
    /// <param name="cancellationToken">Ends it; the connection is of no use then.</param>
    /// <exception cref="InvalidDataException">The body is not what the head says.</exception>
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
