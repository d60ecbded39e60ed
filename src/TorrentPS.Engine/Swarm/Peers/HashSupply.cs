using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>What the hashes of a version 2 torrent are given to peers from (BEP 52), and how much of it. Belongs to the torrent's loop.</summary>
/// <param name="disk">The torrent's data.</param>
internal sealed class HashSupply(PieceDisk disk)
{
    /// <summary>How many times all hashes of pieces may be asked for, with some more for small torrents.</summary>
    private const int Times = 4;
    private const int MoreBytes = 1 << 20;
    private const double RecoverySeconds = 3600;

    public PieceLayers Layers { get; } = disk.Hashes.Layers!;

    /// <summary>Proves hashes of the torrent's trees.</summary>
    public HashProofs Proofs { get; } = new(disk.Hashes.Torrent, disk.Hashes.Layers!);

    public LeafTrees Leaves { get; } = new(disk);

    /// <summary>Bytes of hashes that a peer gets.</summary>
    public long MostBytes { get; } = MostBytesOf(disk.Hashes.Torrent);

    /// <summary>Those that all peers at one address get.</summary>
    public AddressBudget OfAddress { get; } = new(MostBytesOf(disk.Hashes.Torrent), MostBytesOf(disk.Hashes.Torrent) / RecoverySeconds);

    private static long MostBytesOf(Torrent torrent) => Times * 2L * torrent.PieceCount * Merkle.HashLength + MoreBytes;
}
