using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The hashes of a version 2 torrent for peers (BEP 52), and the limits. Belongs to the torrent's loop.</summary>
/// <param name="disk">The torrent's data.</param>
internal sealed class HashSupply(PieceDisk disk)
{
    /// <summary>How many times all piece hashes may be requested, plus some extra for small torrents.</summary>
    private const int Times = 4;
    private const int MoreBytes = 1 << 20;
    private const double RecoverySeconds = 3600;

    public PieceLayers Layers { get; } = disk.Hashes.Layers!;

    /// <summary>Creates proofs of the torrent's hashes.</summary>
    public HashProofs Proofs { get; } = new(disk.Hashes.Torrent, disk.Hashes.Layers!);

    public LeafTrees Leaves { get; } = new(disk);

    /// <summary>The maximum number of hash bytes for a peer.</summary>
    public long MostBytes { get; } = MostBytesOf(disk.Hashes.Torrent);

    /// <summary>The budget of all peers at one address.</summary>
    public AddressBudget OfAddress { get; } = new(MostBytesOf(disk.Hashes.Torrent), MostBytesOf(disk.Hashes.Torrent) / RecoverySeconds);

    private static long MostBytesOf(Torrent torrent) => Times * 2L * torrent.PieceCount * Merkle.HashLength + MoreBytes;
}
