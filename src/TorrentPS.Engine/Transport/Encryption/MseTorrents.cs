using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace TorrentPS.Engine.Transport.Encryption;

/// <summary>
/// The info hashes that incoming encrypted connections may request. A peer names its torrent only by HASH('req2', SKEY), so these hashes are computed once, when a
/// torrent is added, and a connection costs one look-up regardless of the number of torrents. Thread-safe.
/// </summary>
internal sealed class MseTorrents
{
    private readonly ConcurrentDictionary<Digest, byte[]> _infoHashes = new();

    /// <summary>The number of info hashes.</summary>
    public int Count => _infoHashes.Count;

    /// <summary>Accepts connections for a torrent; a hybrid torrent is added once for each of its two hashes.</summary>
    /// <param name="infoHash">The 20 bytes as in the handshake (a v2 hash is truncated).</param>
    /// <returns>False if it was already added.</returns>
    public bool Add(ReadOnlySpan<byte> infoHash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(infoHash.Length, MseKeys.HashLength, nameof(infoHash));
        return _infoHashes.TryAdd(Name(infoHash), infoHash.ToArray());
    }

    /// <summary>Stops accepting connections for a torrent.</summary>
    /// <param name="infoHash">The 20 bytes of the handshake.</param>
    /// <returns>False if it was not there.</returns>
    public bool Remove(ReadOnlySpan<byte> infoHash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(infoHash.Length, MseKeys.HashLength, nameof(infoHash));
        return _infoHashes.TryRemove(Name(infoHash), out _);
    }

    /// <summary>Whether connections for a torrent are accepted.</summary>
    /// <param name="infoHash">The 20 bytes of the handshake.</param>
    public bool Contains(ReadOnlySpan<byte> infoHash) => _infoHashes.ContainsKey(Name(infoHash));

    /// <summary>Finds the requested torrent.</summary>
    /// <param name="name">HASH('req2', SKEY): 20 bytes.</param>
    /// <param name="infoHash">The torrent's info hash.</param>
    public bool TryFind(ReadOnlySpan<byte> name, [NotNullWhen(true)] out byte[]? infoHash) =>
        _infoHashes.TryGetValue(new Digest(name), out infoHash);

    private static Digest Name(ReadOnlySpan<byte> infoHash)
    {
        Span<byte> name = stackalloc byte[MseKeys.HashLength];
        MseKeys.HashTorrent(infoHash, name);
        return new Digest(name);
    }

    private readonly record struct Digest(ulong First, ulong Second, uint Third)
    {
        public Digest(ReadOnlySpan<byte> bytes)
            : this(
                BinaryPrimitives.ReadUInt64LittleEndian(bytes),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]))
        {
        }
    }
}
