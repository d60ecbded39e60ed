using System.Buffers.Binary;
using TorrentPS.Engine.Transport.Encryption;

namespace TorrentPS.Engine.Tests.Transport.Encryption;

/// <summary>A peer that exchanges keys correctly and then sends what a test chooses.</summary>
internal sealed class ScriptedPeer(MemoryDuplex stream, byte[] infoHash)
{
    private readonly KeyExchange _exchange = new();
    private byte[] _secret = [];
    private Rc4? _outgoing;

    public static byte[] UInt16(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    public static byte[] UInt32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public async Task ExchangeKeysAsync(int padLength, bool initiator, CancellationToken token)
    {
        await stream.WriteAsync((byte[])[.. _exchange.PublicKey, .. new byte[padLength]], token);
        byte[] key = new byte[KeyExchange.Length];
        await stream.ReadExactlyAsync(key, token);
        _secret = _exchange.DeriveSecret(key);
        _outgoing = initiator ? MseKeys.CreateInitiatorCipher(_secret, infoHash) : MseKeys.CreateAcceptorCipher(_secret, infoHash);
    }

    /// <summary>HASH('req1', S).</summary>
    public byte[] Mark()
    {
        byte[] mark = new byte[MseKeys.HashLength];
        MseKeys.HashMark(_secret, mark);
        return mark;
    }

    /// <summary>HASH('req2', SKEY) xor HASH('req3', S).</summary>
    public byte[] Name()
    {
        byte[] name = new byte[MseKeys.HashLength];
        MseKeys.HashTorrent(infoHash, name);
        MseKeys.MaskTorrent(_secret, name);
        return name;
    }

    public byte[] Encrypt(params byte[][] parts)
    {
        byte[] bytes = [.. parts.SelectMany(p => p)];
        _outgoing!.Process(bytes);
        return bytes;
    }

    /// <summary>Step 3.</summary>
    public byte[] Request(byte[] verification, uint provide, int padLength, byte[] initialPayload) =>
    [
        .. Mark(), .. Name(),
        .. Encrypt(verification, UInt32(provide), UInt16(padLength), new byte[padLength], UInt16(initialPayload.Length), initialPayload),
    ];
}
