using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>The hashes and keys of MSE: each is the SHA-1 of a name and of its inputs.</summary>
[SuppressMessage("Security", "CA5350", Justification = "MSE is built on SHA-1.")]
internal static class MseKeys
{
    /// <summary>Bytes in a hash, and in an info hash.</summary>
    public const int HashLength = 20;

    /// <summary>HASH('req1', S): the marker that ends the initiator's first padding.</summary>
    public static void HashMark(ReadOnlySpan<byte> secret, Span<byte> destination) => Hash("req1"u8, secret, default, destination);

    /// <summary>HASH('req2', SKEY): identifies a torrent.</summary>
    public static void HashTorrent(ReadOnlySpan<byte> infoHash, Span<byte> destination) => Hash("req2"u8, infoHash, default, destination);

    /// <summary>Converts between HASH('req2', SKEY) and HASH('req2', SKEY) xor HASH('req3', S).</summary>
    /// <param name="secret">S.</param>
    /// <param name="name">The 20 bytes to convert in place.</param>
    public static void MaskTorrent(ReadOnlySpan<byte> secret, Span<byte> name)
    {
        Span<byte> mask = stackalloc byte[HashLength];
        Hash("req3"u8, secret, default, mask);
        for (int i = 0; i < mask.Length; i++)
            name[i] ^= mask[i];
    }

    /// <summary>The cipher for bytes from the initiator to the acceptor.</summary>
    public static Rc4 CreateInitiatorCipher(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> infoHash) => CreateCipher("keyA"u8, secret, infoHash);

    /// <summary>The cipher for bytes from the acceptor to the initiator.</summary>
    public static Rc4 CreateAcceptorCipher(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> infoHash) => CreateCipher("keyB"u8, secret, infoHash);

    private static Rc4 CreateCipher(ReadOnlySpan<byte> name, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> infoHash)
    {
        Span<byte> key = stackalloc byte[HashLength];
        Hash(name, secret, infoHash, key);
        return new Rc4(key, Rc4.MseDiscard);
    }

    private static void Hash(ReadOnlySpan<byte> name, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> destination)
    {
        Span<byte> input = stackalloc byte[4 + KeyExchange.Length + HashLength];
        name.CopyTo(input);
        first.CopyTo(input[name.Length..]);
        second.CopyTo(input[(name.Length + first.Length)..]);
        SHA1.HashData(input[..(name.Length + first.Length + second.Length)], destination);
    }
}
