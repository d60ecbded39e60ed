using System.Buffers;
using System.Runtime.CompilerServices;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// The blocks that a peer requests: accepted requests are queued, then read and sent several at once; with the fast extension (BEP 6), others are rejected.
/// </summary>
internal sealed class BlockOutbox(PeerSession peer, ISwarm swarm, UploadAllowance allowance)
{
    /// <summary>The maximum number of queued requests of a peer (BEP 10, "reqq"); more are dropped.</summary>
    public const int MaxRequests = 500;

    /// <summary>The maximum size of blocks sent at once, in bytes.</summary>
    public const int MostAtOnce = BlocksPerSend * BlockRequest.BlockLength;

    private const int BlocksPerSend = 15; // with their headers just below 256 KiB, a good size for the pool
    private const int MaxDropped = 2 * MaxRequests;

    /// <summary>The maximum number of queued rejects; a peer that keeps requesting without reading is closed.</summary>
    private const int MaxRefusalsWaiting = 4 * MaxRequests;

    private readonly PeerConnection _connection = peer.Connection;
    private readonly PeerOutput _output = peer.Connection.Output;
    private readonly IPeerUpload _upload = swarm.Upload;
    private readonly AllowedFast _allowed = new(peer, swarm);
    private readonly RequestQueue _requests = new();
    private BlockReader? _reader;
    private ServedPieces? _served;
    private int _dropped;
    private int _beingSent;

    /// <summary>The number of queued requests.</summary>
    public int Count => _requests.Count;

    /// <summary>The pieces last sent to the peer.</summary>
    public ServedPieces? Served => _served;

    /// <summary>The peer's pieces have changed: it may be offered some while it is choked.</summary>
    public void OfferAllowed() => _allowed.Offer();

    /// <summary>Handles a request.</summary>
    public void Receive(BlockRequest block)
    {
        Torrent torrent = swarm.Torrent;
        if (block.Piece >= torrent.PieceCount || block.Length > BlockRequest.MaxLength || (long)block.Begin + block.Length > torrent.ServedLengthOfPiece(block.Piece))
        {
            _connection.Violate("a request beyond the data: {0}", block);
        }
        else if (_requests.Count >= MaxRequests)
        {
            if (++_dropped > MaxDropped)
                _connection.Violate("a flood of {0} requests", _dropped);
            else
                Refuse(block);
        }
        else if (!Shares(block.Piece) || (peer.State.IsChokedByUs && !_allowed.TryTake(block)))
        {
            Refuse(block); // it may have been sent before the peer received the choke
        }
        else
        {
            _requests.Add(block);
            Note();
            _upload.Requested(peer, block.Piece);
            _output.Flush();
        }
    }

    /// <summary>Handles a cancel.</summary>
    public void Cancel(BlockRequest block)
    {
        if (!_requests.Remove(block))
            return;
        Note();
        Refuse(block); // BEP 6: a cancelled request is answered, too
    }

    /// <summary>Rejects the queued requests.</summary>
    /// <param name="keepsAllowed">Whether to keep those that are allowed while choked.</param>
    public void RefuseAll(bool keepsAllowed)
    {
        if (!peer.IsFast)
        {
            Clear();
            return;
        }

        for (int count = _requests.Count; count > 0 && !_connection.IsClosed; count--)
        {
            BlockRequest block = _requests.First;
            _requests.RemoveFirst();
            if (keepsAllowed && _allowed.Has(block.Piece))
                _requests.Add(block);
            else
                Refuse(block);
        }

        Note();
    }

    /// <summary>Rejects the queued requests for pieces that are no longer here.</summary>
    public void RefuseOf(Bitfield pieces)
    {
        for (int count = _requests.Count; count > 0 && !_connection.IsClosed; count--)
        {
            BlockRequest block = _requests.First;
            _requests.RemoveFirst();
            if (pieces[block.Piece])
                Refuse(block);
            else
                _requests.Add(block);
        }

        Note();
    }

    /// <summary>The connection has ended.</summary>
    public void Clear()
    {
        _requests.Clear();
        Note();
    }

    /// <summary>Notes what the peer waits for.</summary>
    private void Note()
    {
        peer.State.Turn.Waiting = _requests.Count + _beingSent;
        peer.State.Turn.NextPiece = _requests.Count > 0 ? _requests.First.Piece : -1;
    }

    /// <summary>Whether the peer may request a piece: we have it, and have announced it.</summary>
    private bool Shares(int piece) => swarm.Picker.Have[piece] && _upload.SuperSeeding?.IsShown(peer.State, piece) != false;

    /// <summary>Rejects a request. Without the fast extension there is no reject.</summary>
    private void Refuse(BlockRequest block)
    {
        _upload.Refused(peer, block.Piece);
        if (!peer.IsFast || _connection.IsClosed)
            return;
        if (_output.RefusalsWaiting >= MaxRefusalsWaiting)
            _connection.Violate("a flood of {0} requests that cannot be served", _output.RefusalsWaiting + 1);
        else
            _output.QueueReject(block); // sent together with others, after the received bytes are processed
    }

    /// <summary>Reads the next few requested blocks and sends them together.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> SendAsync()
    {
        BlockReader reader = _reader ??= _upload.CreateReader();
        (int blocks, int bytes) = Take(reader.Blocks);
        allowance.Spend(blocks);
        _beingSent = reader.Blocks.Count;
        Note();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            await reader.ReadAsync(buffer);
            if (_connection.IsClosed)
                return false;
            await _output.SendAsync(buffer.AsMemory(0, bytes));
            double now = _output.LastSentAt = _connection.Now;
            peer.State.UploadRate.Add(blocks, now);
            _connection.EarnBySending(reader.Blocks.Count);
            Note(reader.Blocks);
            _beingSent = 0;
            Note();
            _upload.Uploaded(peer, blocks, peer.State.Turn.LastPiece);
        }
        catch (TorrentException e)
        {
            foreach (BlockRequest block in reader.Blocks)
                Refuse(block);
            _upload.CutShort(peer, reader.CutShort, e);
        }
        finally
        {
            _beingSent = 0;
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return true;
    }

    /// <summary>Takes the next few requests, and returns the size of their blocks, without and with headers.</summary>
    private (int Blocks, int Bytes) Take(List<BlockRequest> taken)
    {
        taken.Clear();
        int blocks = 0, bytes = 0;
        while (_requests.Count > 0 && blocks < allowance.Bytes && bytes + _requests.First.Length <= BlocksPerSend * (PeerMessage.PieceHeaderLength + BlockRequest.BlockLength))
        {
            if (_upload.IsCrowded(peer) && blocks > 0 && _requests.First.Piece != taken[^1].Piece)
                break; // a turn may end here
            taken.Add(_requests.First);
            blocks += _requests.First.Length;
            bytes += PeerMessage.PieceHeaderLength + _requests.First.Length;
            _requests.RemoveFirst();
        }

        peer.State.Turn.LastPiece = taken.Count > 0 ? taken[^1].Piece : -1;
        return (blocks, bytes);
    }

    /// <summary>Records the pieces of sent blocks: usually all are of one piece.</summary>
    private void Note(List<BlockRequest> blocks)
    {
        _served ??= new ServedPieces();
        for (int i = 0; i < blocks.Count;)
        {
            int piece = blocks[i].Piece, bytes = 0;
            for (; i < blocks.Count && blocks[i].Piece == piece; i++)
                bytes += blocks[i].Length;
            if (_served.Add(piece, bytes, swarm.Torrent.ServedLengthOfPiece(piece)))
                _upload.Complained(peer, piece);
        }
    }
}
