using System.Net;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// The tokens that a node must present to announce a peer: they prove that it receives packets at its address (BEP 5, "Overview"). A token is computed from the address,
/// the torrent and a secret that is replaced every 5 minutes; the previous secret is still valid.
/// </summary>
internal sealed class TokenMint(TimeProvider time)
{
    public const int Length = 8;

    private const int SecretLength = 16;
    private static readonly TimeSpan s_period = TimeSpan.FromMinutes(5);

    private byte[] _secret = RandomNumberGenerator.GetBytes(SecretLength);
    private byte[] _lastSecret = RandomNumberGenerator.GetBytes(SecretLength);
    private long _madeAt = time.GetTimestamp();

    public byte[] Create(IPAddress address, NodeId infoHash)
    {
        Rotate();
        byte[] token = new byte[Length];
        Create(_secret, address, infoHash, token);
        return token;
    }

    public bool IsValid(ReadOnlySpan<byte> token, IPAddress address, NodeId infoHash)
    {
        Rotate();
        Span<byte> expected = stackalloc byte[Length];
        Create(_secret, address, infoHash, expected);
        if (CryptographicOperations.FixedTimeEquals(token, expected))
            return true;
        Create(_lastSecret, address, infoHash, expected);
        return CryptographicOperations.FixedTimeEquals(token, expected);
    }

    private static void Create(byte[] secret, IPAddress address, NodeId infoHash, Span<byte> token)
    {
        Span<byte> what = stackalloc byte[16 + NodeId.Length];
        address.TryWriteBytes(what, out int length);
        infoHash.Write(what[length..]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, what[..(length + NodeId.Length)], hash);
        hash[..Length].CopyTo(token);
    }

    private void Rotate()
    {
        TimeSpan age = time.GetElapsedTime(_madeAt);
        if (age < s_period)
            return;
        _lastSecret = age < 2 * s_period ? _secret : RandomNumberGenerator.GetBytes(SecretLength);
        _secret = RandomNumberGenerator.GetBytes(SecretLength);
        _madeAt = time.GetTimestamp();
    }
}
