using System.Net;
using System.Security.Cryptography;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Tests.Swarm;

/// <summary>Torrents and peers for the tests of the swarm.</summary>
internal static class SwarmData
{
    private static int s_port = 1000;

    /// <summary>A torrent whose pieces have a number of blocks; its hashes match no data.</summary>
    public static Torrent Pieces(int count, int blocks = 4, int lastBytes = 0)
    {
        int pieceLength = blocks * 16384;
        long length = (long)count * pieceLength - (lastBytes > 0 ? pieceLength - lastBytes : 0);
        return new Torrent
        {
            Name = "pieces",
            InfoHash = InfoHash.Create(SHA1.HashData([(byte)count, (byte)blocks])),
            Version = TorrentVersion.V1,
            PieceLength = pieceLength,
            Length = length,
            PieceCount = count,
            Files = [new TorrentFile("pieces", length, 0, 0)],
            IsSingleFile = true,
            InfoBytes = ReadOnlyMemory<byte>.Empty,
            PieceHashes = new byte[20 * count],
        };
    }

    /// <summary>A version 2 torrent with a number of pieces of 16 KiB, whose hashes are unknown.</summary>
    public static Torrent PiecesV2(int count)
    {
        long length = count * 16384L;
        return new Torrent
        {
            Name = "pieces",
            InfoHash = InfoHash.Create([], SHA256.HashData([1])),
            Version = TorrentVersion.V2,
            PieceLength = 16384,
            Length = length,
            PieceCount = count,
            Files = [new TorrentFile("pieces", length, 0, 0)],
            IsSingleFile = true,
            InfoBytes = ReadOnlyMemory<byte>.Empty,
            PieceHashes = ReadOnlyMemory<byte>.Empty,
            PieceRoots = [new byte[32]],
        };
    }

    /// <summary>A peer that has some pieces and does not choke us.</summary>
    public static PeerState Peer(int pieceCount, params IEnumerable<int> pieces)
    {
        PeerState peer = new(new IPEndPoint(IPAddress.Loopback, Interlocked.Increment(ref s_port)), pieceCount) { IsChokingUs = false };
        foreach (int piece in pieces)
            peer.Pieces.Add(piece);
        return peer;
    }

    public static PeerState Seed(int pieceCount) => Peer(pieceCount, Enumerable.Range(0, pieceCount));

    public static Bitfield Set(int length, params IEnumerable<int> pieces)
    {
        Bitfield set = new(length);
        foreach (int piece in pieces)
            set.Add(piece);
        return set;
    }

    public static Bitfield All(int length) => Set(length, Enumerable.Range(0, length));
}
