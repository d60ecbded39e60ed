using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Fuzz.Targets;

/// <summary>The connection of a peer that follows the key exchange and then sends any bytes; after the last it closes.</summary>
/// <param name="input">The bytes it sends.</param>
/// <param name="infoHash">The torrent it requests.</param>
/// <param name="weInitiate">Whether our side has connected.</param>
/// <param name="isRaw">Whether it sends only the input, unencrypted.</param>
/// <param name="padding">The length of its first padding.</param>
internal sealed class EncryptionStream(byte[] input, byte[] infoHash, bool weInitiate, bool isRaw, int padding) : Stream
{
    private readonly KeyExchange _exchange = new();
    private ReadOnlyMemory<byte> _left;
    private bool _hasBegun;
    private bool _hasAnswered;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            _left = isRaw ? input : (byte[])[.. _exchange.PublicKey, .. new byte[padding], .. _left.Span];
        }

        int count = Math.Min(_left.Length, buffer.Length);
        _left.Span[..count].CopyTo(buffer.Span);
        _left = _left[count..];
        return ValueTask.FromResult(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (isRaw || _hasAnswered || buffer.Length < KeyExchange.Length)
            return ValueTask.CompletedTask;
        _hasAnswered = true;
        byte[] secret = _exchange.DeriveSecret(buffer.Span[..KeyExchange.Length]), said = [.. input];
        (weInitiate ? MseKeys.CreateAcceptorCipher(secret, infoHash) : MseKeys.CreateInitiatorCipher(secret, infoHash)).Process(said);
        byte[] mark = new byte[MseKeys.HashLength], name = new byte[MseKeys.HashLength];
        MseKeys.HashMark(secret, mark);
        MseKeys.HashTorrent(infoHash, name);
        MseKeys.MaskTorrent(secret, name);
        byte[] before = weInitiate ? [] : [.. mark, .. name];
        _left = (byte[])[.. _left.Span, .. before, .. said];
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
