using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>
/// One side of the Diffie-Hellman exchange of MSE, in the group of its 768-bit prime. It hides traffic from passive observers; it does not authenticate, and its
/// arithmetic is not constant-time. Every connection gets a new key.
/// </summary>
internal sealed class KeyExchange
{
    /// <summary>The length of a public key and of the secret in bytes: numbers are big-endian and always written in full, with leading zeros.</summary>
    public const int Length = 96;

    /// <summary>The length of a private key in bytes: 160 bits, as the specification recommends.</summary>
    public const int PrivateLength = 20;

    private const int MaxDraws = 4;

    private static readonly BigInteger s_generator = new(2);

    private readonly BigInteger _privateKey;
    private readonly byte[] _publicKey;

    /// <summary>Creates an exchange with a new private key.</summary>
    public KeyExchange()
        : this(RandomNumberGenerator.GetBytes(PrivateLength))
    {
    }

    /// <summary>Creates an exchange with a given private key.</summary>
    /// <param name="privateKey">The key, big-endian.</param>
    public KeyExchange(ReadOnlySpan<byte> privateKey)
    {
        _privateKey = new BigInteger(privateKey, isUnsigned: true, isBigEndian: true);
        _publicKey = ToBytes(BigInteger.ModPow(s_generator, _privateKey, Prime));
    }

    /// <summary>
    /// Creates the exchange of the answering side. It knows the peer's key before it sends its own, so it generates keys until the secret has no leading zero: one in 256
    /// has, and some clients (such as libtorrent 2.0) then hash other bytes than the specification says.
    /// </summary>
    /// <param name="peerKey">The peer's public key: <see cref="Length"/> bytes.</param>
    /// <param name="secret">S: <see cref="Length"/> bytes.</param>
    /// <param name="drawPrivateKey">Generates private keys; null uses the system's generator.</param>
    /// <exception cref="MseException">With this key, anyone would know the secret.</exception>
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

    /// <summary>The prime P; (P - 1) / 2 is prime, too.</summary>
    public static BigInteger Prime { get; } = BigInteger.Parse(
        "0FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
        + "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563",
        NumberStyles.AllowHexSpecifier,
        CultureInfo.InvariantCulture);

    /// <summary>The public key to send: <see cref="Length"/> bytes.</summary>
    public ReadOnlySpan<byte> PublicKey => _publicKey;

    /// <summary>Computes the shared secret.</summary>
    /// <param name="peerKey">The peer's public key: <see cref="Length"/> bytes.</param>
    /// <returns>S: <see cref="Length"/> bytes.</returns>
    /// <exception cref="MseException">With this key, anyone would know the secret.</exception>
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
