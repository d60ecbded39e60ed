using System.Net.Sockets;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>
/// The I/O of the handshake: reads all available bytes and keeps them, so that a marker can be searched for and bytes after the handshake are not lost. Errors of the
/// stream become <see cref="MseException"/>; cancellation does not.
/// </summary>
internal sealed class MseStream
{
    private const int InitialCapacity = 2048;

    private readonly Stream _stream;
    private readonly CancellationToken _cancellationToken;
    private byte[] _buffer;
    private int _start;
    private int _end;

    /// <summary>Creates the I/O of a handshake.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="alreadyRead">The bytes already read from it.</param>
    /// <param name="cancellationToken">Cancels all waiting.</param>
    public MseStream(Stream stream, ReadOnlySpan<byte> alreadyRead, CancellationToken cancellationToken)
    {
        _stream = stream;
        _cancellationToken = cancellationToken;
        _buffer = new byte[Math.Max(InitialCapacity, alreadyRead.Length)];
        alreadyRead.CopyTo(_buffer);
        _end = alreadyRead.Length;
    }

    /// <summary>The bytes received and not yet taken.</summary>
    public Span<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Waits until a number of bytes is available.</summary>
    /// <param name="count">The number, which the caller bounds.</param>
    public async ValueTask FillAsync(int count)
    {
        while (_end - _start < count)
            await ReceiveAsync().ConfigureAwait(false);
    }

    /// <summary>Takes available bytes.</summary>
    /// <param name="count">The number of bytes.</param>
    /// <returns>The bytes, valid until the next wait.</returns>
    public Span<byte> Take(int count)
    {
        Span<byte> taken = Unread[..count];
        _start += count;
        return taken;
    }

    /// <summary>Discards the padding up to and including a marker.</summary>
    /// <param name="mark">The bytes to look for.</param>
    /// <exception cref="MseException">The marker does not follow after at most <see cref="MsePadding.MaxLength"/> bytes.</exception>
    public async ValueTask SkipPastAsync(ReadOnlyMemory<byte> mark)
    {
        int limit = MsePadding.MaxLength + mark.Length;
        int searched = 0;
        while (true)
        {
            int available = Math.Min(_end - _start, limit);
            int found = _buffer.AsSpan(_start + searched, available - searched).IndexOf(mark.Span);
            if (found >= 0)
            {
                _start += searched + found + mark.Length;
                return;
            }

            if (available == limit)
                throw new MseException(MseFailure.NotSynchronized, $"there is no mark in the {limit} bytes after the public key; the peer does not use MSE, or derived another secret.");
            searched = Math.Max(searched, available - mark.Length + 1);
            await ReceiveAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Sends bytes at once.</summary>
    /// <param name="bytes">The bytes.</param>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _stream.WriteAsync(bytes, _cancellationToken).ConfigureAwait(false);
            await _stream.FlushAsync(_cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsStreamFault(e))
        {
            throw new MseException(MseFailure.Closed, "the connection broke while it was written to.", e);
        }
    }

    private async ValueTask ReceiveAsync()
    {
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        int count;
        try
        {
            count = await _stream.ReadAsync(_buffer.AsMemory(_end), _cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsStreamFault(e))
        {
            throw new MseException(MseFailure.Closed, "the connection broke while it was read from.", e);
        }

        if (count == 0)
            throw new MseException(MseFailure.Closed, "the peer closed the connection.");
        _end += count;
    }

    private static bool IsStreamFault(Exception e) => e is IOException or SocketException or ObjectDisposedException;
}
