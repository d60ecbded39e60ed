using System.Security.Cryptography;

namespace TorrentPS.Engine.Storage;

/// <summary>SHA-1 of pieces in several buffers, without copying them.</summary>
internal static class PieceHasher
{
    [ThreadStatic]
    private static IncrementalHash? s_hash;

    // One per thread: creating a hash object costs more than hashing a block.
    internal static IncrementalHash ThreadHash =>
        s_hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA1);

    /// <summary>Hashes consecutive buffers.</summary>
    /// <param name="buffers">The buffers.</param>
    /// <param name="destination20">Receives the 20 bytes of the hash.</param>
    public static void Sha1(IReadOnlyList<ReadOnlyMemory<byte>> buffers, Span<byte> destination20)
    {
        IncrementalHash hash = ThreadHash;
        for (int i = 0; i < buffers.Count; i++)
            hash.AppendData(buffers[i].Span);
        hash.GetHashAndReset(destination20);
    }
}
