using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>
/// One side of the Diffie-Hellman exchange of MSE, in the group of its 768-bit prime. It hides the traffic from those who only watch; it
/// names nobody, and the arithmetic does not take the same time for all keys. Every connection gets a new key.
/// </summary>
internal sealed class KeyExchange
{
    /// <summary>Bytes in a public key and in the secret: numbers are always written in full, big-endian, with their leading zeros.</summary>
    public const int Length = 96;

    /// <summary>Bytes in a private key: 160 bits, as the specification advises.</summary>
    public const int PrivateLength = 20;

    private const int MaxDraws = 4;

    private static readonly BigInteger s_generator = new(2);

    private readonly BigInteger _privateKey;
    private readonly byte[] _publicKey;

    /// <summary>Makes an exchange with a new private key.</summary>
    public KeyExchange()
        : this(RandomNumberGenerator.GetBytes(PrivateLength))
    {
    }

    /// <summary>Makes an exchange with a private key that is known.</summary>
    /// <param name="privateKey">The number, big-endian.</param>
    public KeyExchange(ReadOnlySpan<byte> privateKey)
    {
        _privateKey = new BigInteger(privateKey, isUnsigned: true, isBigEndian: true);
        _publicKey = ToBytes(BigInteger.ModPow(s_generator, _privateKey, Prime));
    }

    /// <summary>
    /// Makes the exchange of the side that answers. It knows the peer's key before it sends its own, and so draws again until the secret
    /// has no leading zero: one in 256 has, and some clients (libtorrent 2.0 among them) then hash other bytes than the specification says.
    /// </summary>
    /// <param name="peerKey">The peer's public key: <see cref="Length"/> bytes.</param>
    /// <param name="secret">S: <see cref="Length"/> bytes.</param>
    /// <param name="drawPrivateKey">Where private keys come from, if not from the system.</param>
    /// <exception cref="MseException">The key is one with which the secret would be known to all.</exception>
    public static KeyExchange Answer(ReadOnlySpan<byte> peerKey, out byte[] secret, Func<byte[]>? drawPrivateKey = null)
    {
        for (int attempt = 1; ; attempt++)
        {
            var exchange = new KeyExchange(drawPrivateKey?.Invoke() ?? RandomNumberGenerator.GetBytes(PrivateLength));
            secret = exchange.DeriveSecret(peerKey);
            if (secret[0] != 0 || attempt == MaxDraws)
                return exchange;
        }
    }

    /// <summary>The prime P, whose half (P - 1) / 2 is prime too.</summary>
    public static BigInteger Prime { get; } = BigInteger.Parse(
        "0FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
        + "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563",
        NumberStyles.AllowHexSpecifier,
        CultureInfo.InvariantCulture);

    /// <summary>The public key to send: <see cref="Length"/> bytes.</summary>
    public ReadOnlySpan<byte> PublicKey => _publicKey;

    /// <summary>Derives the secret that both sides share.</summary>
    /// <param name="peerKey">The peer's public key: <see cref="Length"/> bytes.</param>
    /// <returns>S: <see cref="Length"/> bytes.</returns>
    /// <exception cref="MseException">The key is one with which the secret would be known to all.</exception>
    public byte[] DeriveSecret(ReadOnlySpan<byte> peerKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(peerKey.Length, Length, nameof(peerKey));
        var key = new BigInteger(peerKey, isUnsigned: true, isBigEndian: true);
        if (key <= BigInteger.One || key >= Prime - BigInteger.One)
            throw new MseException(MseFailure.BadPublicKey, "the peer's public key is not between 1 and p - 1.");
        return ToBytes(BigInteger.ModPow(key, _privateKey, Prime));
    }

    private static byte[] ToBytes(BigInteger number)
    {
        byte[] bytes = new byte[Length];
        int count = number.GetByteCount(isUnsigned: true);
        number.TryWriteBytes(bytes.AsSpan(Length - count), out _, isUnsigned: true, isBigEndian: true);
        return bytes;
    }
}
