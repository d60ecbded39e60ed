using System.Net.Sockets;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>
/// What the handshake reads and writes: reads as much as there is, and keeps it, so that a mark can be looked for and nothing that
/// follows the handshake is lost. The faults of the stream become <see cref="MseException"/>; a cancelled token does not.
/// </summary>
internal sealed class MseStream
{
    private const int InitialCapacity = 2048;

    private readonly Stream _stream;
    private readonly CancellationToken _cancellationToken;
    private byte[] _buffer;
    private int _start;
    private int _end;

    /// <summary>Begins with a stream.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="alreadyRead">What was read from it before.</param>
    /// <param name="cancellationToken">Ends all waiting.</param>
    public MseStream(Stream stream, ReadOnlySpan<byte> alreadyRead, CancellationToken cancellationToken)
    {
        _stream = stream;
        _cancellationToken = cancellationToken;
        _buffer = new byte[Math.Max(InitialCapacity, alreadyRead.Length)];
        alreadyRead.CopyTo(_buffer);
        _end = alreadyRead.Length;
    }

    /// <summary>What was received and not yet taken.</summary>
    public Span<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Waits until a number of bytes can be taken.</summary>
    /// <param name="count">How many; the caller bounds it.</param>
    public async ValueTask FillAsync(int count)
    {
        while (_end - _start < count)
            await ReceiveAsync().ConfigureAwait(false);
    }

    /// <summary>Takes bytes that are there.</summary>
    /// <param name="count">How many.</param>
    /// <returns>The bytes, valid until the next wait.</returns>
    public Span<byte> Take(int count)
    {
        Span<byte> taken = Unread[..count];
        _start += count;
        return taken;
    }

    /// <summary>Drops the padding up to a mark, and the mark.</summary>
    /// <param name="mark">The bytes to look for.</param>
    /// <exception cref="MseException">The mark does not come after at most <see cref="MsePadding.MaxLength"/> bytes.</exception>
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
