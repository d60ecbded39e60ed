using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Storage;

/// <summary>The expected hashes of the pieces of a torrent, of each kind that it has. Thread-safe.</summary>
/// <param name="torrent">The torrent.</param>
/// <param name="layers">The piece hashes of a version 2 or hybrid torrent.</param>
internal sealed class PieceHashes(Torrent torrent, PieceLayers? layers)
{
    public Torrent Torrent => torrent;

    public PieceLayers? Layers => layers;

    /// <summary>Whether pieces have a SHA-1 hash.</summary>
    public bool HasSha1 => torrent.Version != TorrentVersion.V2;

    /// <summary>Whether a piece matches the torrent's hashes: in a hybrid torrent, of both kinds (BEP 52, "Upgrade Path").</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="sha1">The SHA-1 of the piece; empty for a version 2 torrent.</param>
    /// <param name="root">The root of the tree over the piece; empty for a v1 torrent.</param>
    /// <exception cref="TorrentException">The two kinds contradict each other (InvalidTorrent).</exception>
    public bool IsRight(int piece, ReadOnlySpan<byte> sha1, ReadOnlySpan<byte> root)
    {
        bool isV1 = HasSha1 && sha1.SequenceEqual(torrent.PieceHash(piece));
        if (layers is null || IsAllPadding(piece))
            return isV1;
        if (layers.TryGet(piece, out ReadOnlySpan<byte> known))
        {
            bool isV2 = root.SequenceEqual(known);
            return !HasSha1 || isV1 == isV2 ? isV2 : throw layers.Inconsistent(piece);
        }

        // Only the hashes of all pieces of the file can be compared with its root.
        if (!HasSha1)
        {
            layers.Offer(piece, root);
            return false;
        }

        return isV1 && (layers.Offer(piece, root) ? true : throw layers.Inconsistent(piece));
    }

    private bool IsAllPadding(int piece) => torrent.Version == TorrentVersion.Hybrid && torrent.DataLengthOfPiece(piece) == 0;
}
