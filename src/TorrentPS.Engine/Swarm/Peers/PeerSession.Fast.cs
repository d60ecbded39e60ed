using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <content>The fast extension (BEP 6): every request is answered, and some pieces may be asked for while choked.</content>
internal sealed partial class PeerSession
{
    /// <summary>Refusals that wait to be sent; a peer that asks on and does not read is no peer.</summary>
    private const int MaxRefusalsWaiting = 4 * OwnRequestQueue;

    private const int MaxAllowedFast = 64;
    private const int MaxSuggested = 16;

    private int[] _allowedFast = []; // what the peer may ask for while we choke it
    private long _allowedBytes; // how much of that it may still have
    private int _refusalsWaiting;

    /// <summary>Whether both sides speak the fast extension.</summary>
    public bool IsFast { get; }

    /// <summary>Whether the peer may have a piece: we have it, and let it be known.</summary>
    private bool Shares(int piece) => _swarm.Picker.Have[piece] && _upload.SuperSeeding?.IsShown(State, piece) != false;

    /// <summary>
    /// A peer that has few pieces is told of some that it may ask for at once, so that it soon has something to give. One peer of a network is: the others would be told
    /// of the same pieces, which they had all to be sent instead of what they could then give each other.
    /// </summary>
    private void OfferAllowedFast()
    {
        Torrent torrent = _swarm.Torrent;
        int size = AllowedFastSet.SizeFor(torrent.PieceLength);
        if (!IsFast || _allowedFast.Length > 0 || _upload.SuperSeeding is not null || _swarm.Picker.Have.IsEmpty || State.Pieces.Count >= size || torrent.PieceCount == 0
            || !_upload.MayAllowFast(EndPoint.Address))
        {
            return;
        }

        _allowedFast = AllowedFastSet.Of(EndPoint.Address, torrent.InfoHash.Wire, torrent.PieceCount, size);
        foreach (int piece in _allowedFast)
        {
            if (State.Pieces[piece])
                continue;
            _allowedBytes += 2L * torrent.LengthOfPiece(piece); // twice, since a block may be lost on its way to a disk
            PeerMessage.WritePiece(Append(9), MessageId.AllowedFast, piece);
        }
    }

    private bool MayHaveWhileChoked(int piece) => Array.IndexOf(_allowedFast, piece) >= 0 && State.Pieces.Count <= _allowedFast.Length;

    /// <summary>Whether a block is served although the peer is choked; then it counts.</summary>
    private bool TakeAllowed(BlockRequest block)
    {
        if (!MayHaveWhileChoked(block.Piece) || _allowedBytes < block.Length)
            return false;
        _allowedBytes -= block.Length;
        return true;
    }

    /// <summary>Answers a request that gets no block. Without the extension there is nothing to answer.</summary>
    private void Refuse(BlockRequest block)
    {
        if (!IsFast || _isClosed)
            return;
        if (++_refusalsWaiting > MaxRefusalsWaiting)
        {
            Violate("a flood of {0} requests that cannot be served", _refusalsWaiting);
            return;
        }

        PeerMessage.WriteBlock(Append(PeerMessage.RequestLength), MessageId.Reject, block); // sent with the others, when what came is read
    }

    /// <summary>Refuses what waits to be sent.</summary>
    /// <param name="keepsAllowed">Whether what may be had while choked is sent nevertheless.</param>
    private void RefuseWaiting(bool keepsAllowed)
    {
        if (!IsFast)
        {
            _requests.Clear();
            return;
        }

        for (int count = _requests.Count; count > 0 && !_isClosed; count--)
        {
            BlockRequest block = _requests.First;
            _requests.RemoveFirst();
            if (keepsAllowed && MayHaveWhileChoked(block.Piece))
                _requests.Add(block);
            else
                Refuse(block);
        }
    }

    private void HandleReject(BlockRequest block)
    {
        int index = block.Begin % BlockRequest.BlockLength == 0 ? State.Outstanding.IndexOf(block.Piece, block.Begin / BlockRequest.BlockLength) : -1;
        if (index < 0)
        {
            if (--_forgiven < 0)
                Violate("rejects of unrequested blocks", block);
            return;
        }

        Outstanding item = State.Outstanding[index];
        State.Outstanding.RemoveAt(index);
        _download.Rejected(this, item);
    }

    private void HandleHaveAll(bool hasAll)
    {
        var pieces = new Bitfield(State.Pieces.Length);
        if (hasAll)
            pieces.AddAll();
        SetPieces(pieces);
    }

    private void HandleAllowedFast(uint piece)
    {
        if (piece >= State.Pieces.Length)
        {
            Violate("an allowed piece {0}, which does not exist", piece);
        }
        else if (State.AllowedFast.Count < MaxAllowedFast && !State.AllowedFast.Contains((int)piece))
        {
            State.AllowedFast.Add((int)piece);
            _download.OffersChanged(this);
        }
    }

    private void HandleSuggest(uint piece)
    {
        if (piece >= State.Pieces.Length)
        {
            Violate("a suggested piece {0}, which does not exist", piece);
            return;
        }

        if (State.Suggested.Count == MaxSuggested)
            State.Suggested.Dequeue();
        State.Suggested.Enqueue((int)piece);
    }

    /// <summary>Forgets what the peer was asked for before it choked us and neither sent nor refused; it may still come.</summary>
    public void ForgetReleased()
    {
        for (int i = State.Outstanding.Count - 1; i >= 0; i--)
        {
            if (!State.Outstanding[i].IsReleased)
                continue;
            State.Outstanding.RemoveAt(i);
            _forgiven++;
        }
    }
}
