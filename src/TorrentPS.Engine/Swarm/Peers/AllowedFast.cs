using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The pieces that one peer may have while we choke it (BEP 6), and how much of them it has had.</summary>
internal sealed class AllowedFast(PeerSession peer, ISwarm swarm)
{
    private int[] _pieces = [];
    private long _bytes; // how much of them it may still have

    /// <summary>
    /// A peer that has few pieces is told of some that it may ask for at once, so that it soon has something to give. One peer of a network is: the others would be told
    /// of the same pieces, which they had all to be sent instead of what they could then give each other.
    /// </summary>
    public void Offer()
    {
        Torrent torrent = swarm.Torrent;
        int size = AllowedFastSet.SizeFor(torrent.PieceLength);
        if (!peer.IsFast || _pieces.Length > 0 || swarm.Upload.SuperSeeding is not null || swarm.Picker.Have.IsEmpty || peer.State.Pieces.Count >= size || torrent.PieceCount == 0
            || !swarm.Upload.MayAllowFast(peer.EndPoint.Address))
        {
            return;
        }

        _pieces = AllowedFastSet.Of(peer.EndPoint.Address, torrent.InfoHash.Wire, torrent.PieceCount, size);
        foreach (int piece in _pieces)
        {
            if (peer.State.Pieces[piece])
                continue;
            _bytes += 2L * torrent.LengthOfPiece(piece); // twice, since a block may be lost on its way to a disk
            PeerMessage.WritePiece(peer.Connection.Output.Append(9), MessageId.AllowedFast, piece);
        }
    }

    /// <summary>Whether the peer may have a piece.</summary>
    public bool Has(int piece) => Array.IndexOf(_pieces, piece) >= 0 && peer.State.Pieces.Count <= _pieces.Length;

    /// <summary>Whether a block is served although the peer is choked; then it counts.</summary>
    public bool TryTake(BlockRequest block)
    {
        if (!Has(block.Piece) || _bytes < block.Length)
            return false;
        _bytes -= block.Length;
        return true;
    }
}
