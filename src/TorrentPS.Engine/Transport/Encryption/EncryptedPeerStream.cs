using System.Net;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>A connection after its MSE handshake: first the bytes read together with the handshake, then the stream through its ciphers, if any.</summary>
internal sealed class EncryptedPeerStream : PeerStream
{
    private readonly PeerStream _inner;
    private readonly Rc4? _incoming;
    private readonly Rc4? _outgoing;
    private ReadOnlyMemory<byte> _received;

    public EncryptedPeerStream(PeerStream inner, MseResult handshake)
    {
        _inner = inner;
        _incoming = handshake.Incoming;
        _outgoing = handshake.Outgoing;
        _received = handshake.Received;
        IsEncrypted = handshake.Method == CryptoMethods.Rc4;
    }

    /// <summary>Creates a stream from a connection of which some bytes have already been read.</summary>
    public EncryptedPeerStream(PeerStream inner, ReadOnlyMemory<byte> received)
    {
        _inner = inner;
        _received = received;
        IsEncrypted = inner.IsEncrypted;
    }

    public override IPEndPoint RemoteEndPoint => _inner.RemoteEndPoint;

    public override bool IsOutgoing => _inner.IsOutgoing;

    public override bool IsUtp => _inner.IsUtp;

    public override bool IsEncrypted { get; }

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_received.IsEmpty)
            return _incoming is null ? _inner.ReceiveAsync(buffer, cancellationToken) : DecryptAsync(buffer, cancellationToken);
        int count = Math.Min(buffer.Length, _received.Length);
        _received.Span[..count].CopyTo(buffer.Span);
        _received = _received[count..];
        return new ValueTask<int>(count);
    }

    private async ValueTask<int> DecryptAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int received = await _inner.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
        _incoming!.Process(buffer.Span[..received]);
        return received;
    }

    public override ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _outgoing?.Process(buffer.Span);
        return _inner.SendAsync(buffer, cancellationToken);
    }

    public override void LimitUnsent(int bytes) => _inner.LimitUnsent(bytes);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner.Dispose();
    }
}
