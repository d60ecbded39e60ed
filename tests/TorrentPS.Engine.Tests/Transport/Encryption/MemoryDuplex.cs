using System.Threading.Channels;

namespace TorrentPS.Engine.Tests.Transport.Encryption;

/// <summary>One end of a connection in memory, which returns at most a number of bytes per read, as a network may.</summary>
internal sealed class MemoryDuplex : Stream
{
    private readonly ChannelReader<byte[]> _input;
    private readonly ChannelWriter<byte[]> _output;
    private readonly int _readLimit;
    private ReadOnlyMemory<byte> _pending;

    private MemoryDuplex(Channel<byte[]> input, Channel<byte[]> output, int readLimit) =>
        (_input, _output, _readLimit) = (input.Reader, output.Writer, readLimit);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public static (MemoryDuplex First, MemoryDuplex Second) Create(int readLimit = int.MaxValue)
    {
        var there = Channel.CreateUnbounded<byte[]>();
        var back = Channel.CreateUnbounded<byte[]>();
        return (new MemoryDuplex(back, there, readLimit), new MemoryDuplex(there, back, readLimit));
    }

    /// <summary>An end that receives some bytes and then the end of the stream.</summary>
    public static async Task<MemoryDuplex> CreateFinishedAsync(byte[] bytes, int readLimit = int.MaxValue)
    {
        (MemoryDuplex end, MemoryDuplex peer) = Create(readLimit);
        await peer.WriteAsync(bytes);
        peer.Finish();
        return end;
    }

    /// <summary>Ends the stream that the other end reads.</summary>
    public void Finish() => _output.TryComplete();

    /// <summary>Breaks the stream that the other end reads.</summary>
    public void Break() => _output.TryComplete(new IOException("Connection reset by peer."));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_pending.IsEmpty)
        {
            if (!await _input.WaitToReadAsync(cancellationToken))
                return 0;
            if (_input.TryRead(out byte[]? bytes))
                _pending = bytes;
        }

        int count = Math.Min(Math.Min(buffer.Length, _pending.Length), _readLimit);
        _pending[..count].CopyTo(buffer);
        _pending = _pending[count..];
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _output.TryWrite(buffer.ToArray());
        return ValueTask.CompletedTask;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
