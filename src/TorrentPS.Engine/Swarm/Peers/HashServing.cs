using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// Sends the hashes of a version 2 torrent that a peer requests (BEP 52, "hash request"). Requests are queued, not answers: an answer is created when the connection has
/// sent everything before it, and passes the upload limit like a block.
/// </summary>
internal sealed class HashServing(PeerSession peer, ISwarm swarm, HashSupply supply)
{
    /// <summary>The maximum number of queued requests; more are rejected.</summary>
    public const int MaxWaiting = 64;

    private const int MaxRejects = 1000;

    private readonly Queue<(int File, HashRange Range)> _waiting = new();
    private byte[]? _answer; // to the first request, if it is for leaf hashes
    private bool _isReading;
    private long _hashBytes;
    private long _leafBytes;
    private int _rejects;

    /// <summary>The length of the next answer in bytes; 0 if none can be sent now.</summary>
    public int NextLength =>
        _waiting.TryPeek(out (int File, HashRange Range) first) && (_answer is not null || IsOfPieces(first.File, first.Range)) ? HashMessage.Length + first.Range.HashesLength : 0;

    private PieceLayers Layers => supply.Layers;

    /// <summary>Handles a request.</summary>
    public void Receive(int file, ReadOnlySpan<byte> root, HashRange range)
    {
        if (file >= 0 && range.IsIn(Layers.HeightOfFile(file)) && (IsOfPieces(file, range) || PieceOf(file, range) >= 0) && _waiting.Count < MaxWaiting && TryTake(range.HashesLength))
        {
            _waiting.Enqueue((file, range));
            ReadNext();
        }
        else
        {
            Reject(root, range);
        }

        peer.Flush();
    }

    /// <summary>Queues the next answer.</summary>
    public void SendNext()
    {
        (int file, HashRange range) = _waiting.Dequeue();
        byte[]? hashes = _answer ?? supply.Proofs.ProvePieces(file, range.Index, range.Length, range.ProofCount);
        _answer = null;
        if (hashes is null)
            Reject(RootOf(file), range);
        else
            Queue(MessageId.Hashes, RootOf(file), range, hashes);
        ReadNext();
    }

    /// <summary>
    /// Reads the piece for the first request, if it is for leaf hashes. If that is refused, the request is rejected, and the next one becomes the first.
    /// </summary>
    private void ReadNext()
    {
        while (!_isReading && _answer is null && _waiting.TryPeek(out (int File, HashRange Range) first) && !IsOfPieces(first.File, first.Range))
        {
            int piece = PieceOf(first.File, first.Range);
            if (supply.Leaves.Find(piece) is { } tree)
            {
                Answer(piece, tree);
                continue;
            }

            _isReading = true; // set before, because the read may complete at once
            if (supply.Leaves.TryRead(peer, piece, IsEarned(piece), swarm.Now, found => Read(piece, found)))
                continue;
            _isReading = false;
            RejectFirst();
        }
    }

    private void Read(int piece, HashTree? tree)
    {
        _isReading = false;
        Answer(piece, tree);
        ReadNext();
        peer.Flush();
    }

    private void Answer(int piece, HashTree? tree)
    {
        HashRange range = _waiting.Peek().Range;
        _answer = tree is null ? null : supply.Proofs.ProveLeaves(piece, tree, range.Index, range.Length, range.ProofCount);
        if (_answer is null)
            RejectFirst();
    }

    private void RejectFirst()
    {
        (int file, HashRange range) = _waiting.Dequeue();
        Reject(RootOf(file), range);
    }

    private void Reject(ReadOnlySpan<byte> root, HashRange range)
    {
        if (++_rejects > MaxRejects)
            peer.CloseFlooded("requests for hashes that are not given", _rejects);
        else
            Queue(MessageId.HashReject, root, range, []);
    }

    private void Queue(MessageId id, ReadOnlySpan<byte> root, HashRange range, ReadOnlySpan<byte> hashes)
    {
        Span<byte> message = peer.Connection.Output.Append(HashMessage.Length + hashes.Length);
        HashMessage.Write(message, id, root, range, hashes.Length);
        hashes.CopyTo(message[HashMessage.Length..]);
    }

    /// <summary>Whether the hashes are piece hashes, which need no reading.</summary>
    private bool IsOfPieces(int file, HashRange range) => range.BaseLayer == Layers.PieceHeight && Layers.PiecesIn(file) > 1;

    /// <summary>The piece of leaf hashes; -1 if we do not have it, they cover several pieces, or they are not leaf hashes.</summary>
    private int PieceOf(int file, HashRange range)
    {
        int inFile = range.Index >> Layers.PieceHeight;
        if (range.BaseLayer != 0 || inFile >= Layers.PiecesIn(file))
            return -1;
        int piece = Layers.FirstPieceOf(file) + inFile;
        return range.Length <= 1 << Layers.HeightOf(piece) && swarm.Picker.Have[piece] ? piece : -1;
    }

    private ReadOnlySpan<byte> RootOf(int file) => swarm.Torrent.PieceRoots![file].Span;

    /// <summary>
    /// Whether hashes may be sent: the amount per Internet address is limited, across connections. In the local network, many peers may share an address.
    /// </summary>
    private bool TryTake(int bytes)
    {
        if (AddressRules.ReachOf(peer.EndPoint.Address) == AddressReach.World)
            return supply.OfAddress.TryTake(peer.EndPoint.Address, bytes, swarm.Now);
        _hashBytes += bytes;
        return _hashBytes <= supply.MostBytes;
    }

    /// <summary>Whether the peer has received enough data for a piece to be read for it: half as much.</summary>
    private bool IsEarned(int piece)
    {
        int bytes = swarm.Torrent.LengthOfPiece(piece);
        if (_leafBytes + bytes > 2 * peer.State.UploadRate.Total)
            return false;
        _leafBytes += bytes;
        return true;
    }
}
