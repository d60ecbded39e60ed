using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>The pieces that a peer may request while we choke it (BEP 6), and their remaining budget.</summary>
internal sealed class AllowedFast(PeerSession peer, ISwarm swarm)
{
    private int[] _pieces = [];
    private long _bytes; // the remaining budget in bytes

    /// <summary>
    /// Offers some pieces to a peer with few pieces, so that it soon has something to upload. Only one peer per network gets an offer: the others would get the same
    /// pieces, and all would have to be uploaded instead of exchanged between them.
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
            _bytes += 2L * torrent.LengthOfPiece(piece); // twice, because a block may be lost on its way to a disk
            PeerMessage.WritePiece(peer.Connection.Output.Append(9), MessageId.AllowedFast, piece);
        }
    }

    /// <summary>Whether a piece is offered to the peer.</summary>
    public bool Has(int piece) => Array.IndexOf(_pieces, piece) >= 0 && peer.State.Pieces.Count <= _pieces.Length;

    /// <summary>Whether a block is served although the peer is choked; if so, it is counted.</summary>
    public bool TryTake(BlockRequest block)
    {
        if (!Has(block.Piece) || _bytes < block.Length)
            return false;
        _bytes -= block.Length;
        return true;
    }
}
