using System.Security.Cryptography;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Benchmarks.Swarm;

/// <summary>Torrents of one file for code that handles pieces, not their bytes.</summary>
internal static class SwarmTorrent
{
    public static Torrent Create(int pieces, int pieceLength, ReadOnlyMemory<byte> hashes = default) => new()
    {
        Name = "payload.bin",
        InfoHash = InfoHash.Create(SHA1.HashData(BitConverter.GetBytes(pieces))),
        Version = TorrentVersion.V1,
        PieceLength = pieceLength,
        Length = (long)pieces * pieceLength,
        PieceCount = pieces,
        Files = [new TorrentFile("payload.bin", (long)pieces * pieceLength, 0, 0)],
        IsSingleFile = true,
        InfoBytes = ReadOnlyMemory<byte>.Empty,
        PieceHashes = hashes.IsEmpty ? new byte[InfoHash.V1Length * pieces] : hashes,
    };

    public static Bitfield All(int pieces)
    {
        var all = new Bitfield(pieces);
        for (int i = 0; i < pieces; i++)
            all.Add(i);
        return all;
    }
}
