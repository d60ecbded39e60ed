using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// Limits the answers to each address and in total. The source of a query can be forged, and an answer is longer than its query: so a victim gets only a trickle. Of
/// constant size.
/// </summary>
internal sealed class AnswerLimiter
{
    /// <summary>The long-term limit for one address, in bytes per second.</summary>
    public const int RatePerAddress = 1500;

    /// <summary>The burst limit for one address in bytes: the answers of a node in one or two lookups.</summary>
    public const int BurstPerAddress = 8 * 1024;

    /// <summary>The long-term limit for all addresses, in bytes per second.</summary>
    public const int RateInAll = 25_000;

    /// <summary>The burst limit for all addresses, in bytes.</summary>
    public const int BurstInAll = 100_000;

    // A test or a private network has many nodes at one address.
    private const int LocalFactor = 1000;

    // An address shares its bucket with one in 4096 others; the salt is secret, so it cannot be predicted with which.
    private const int Buckets = 4096;

    private readonly TimeProvider _time;
    private readonly Bucket[] _buckets = new Bucket[Buckets];
    private readonly ulong _salt = MemoryMarshal.Read<ulong>(RandomNumberGenerator.GetBytes(8)) | 1;
    private readonly long _start;
    private Bucket _all;
    private Bucket _allLocal;

    public AnswerLimiter(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
    }

    /// <summary>Whether an address may be sent an answer now.</summary>
    public bool MayAnswer(IPAddress address)
    {
        double now = _time.GetElapsedTime(_start).TotalSeconds;
        if (DhtScope.IsLocal(address))
            return _allLocal.Refill(now, RateInAll * LocalFactor, BurstInAll * LocalFactor) > 0;
        return BucketOf(address).Refill(now, RatePerAddress, BurstPerAddress) > 0 && _all.Refill(now, RateInAll, BurstInAll) > 0;
    }

    /// <summary>Records bytes sent to an address. A query without an answer costs a little, too.</summary>
    public void Spend(IPAddress address, int bytes)
    {
        if (DhtScope.IsLocal(address))
        {
            _allLocal.Left -= bytes;
            return;
        }

        BucketOf(address).Left -= bytes;
        _all.Left -= bytes;
    }

    // An IPv6 network has one owner, who controls all of its addresses.
    private ref Bucket BucketOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        ulong hash = _salt;
        for (int i = 0; i < (length == 16 ? 8 : 4); i++)
            hash = (hash ^ bytes[i]) * 0x9e37_79b9_7f4a_7c15;
        return ref _buckets[(int)(hash >> 52)];
    }

    private struct Bucket
    {
        public double Left;
        private double _at;
        private bool _isUsed;

        public double Refill(double now, double rate, double burst)
        {
            Left = _isUsed ? Math.Min(burst, Left + (now - _at) * rate) : burst;
            _at = now;
            _isUsed = true;
            return Left;
        }
    }
}
