using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

/// <summary>
/// Gives a peer the hashes of a version 2 torrent that it asks for (BEP 52, "hash request"). What waits is requests, not answers: an answer is made when the
/// connection has sent what was before it, and passes the upload limit as blocks do.
/// </summary>
internal sealed class HashServing(PeerSession peer, ISwarm swarm, HashSupply supply)
{
    /// <summary>Requests that wait; more are rejected.</summary>
    public const int MaxWaiting = 64;

    private const int MaxRejects = 1000;

    private readonly Queue<(int File, HashRange Range)> _waiting = new();
    private byte[]? _answer; // to the first of them, when it is of leaves
    private bool _isReading;
    private long _hashBytes;
    private long _leafBytes;
    private int _rejects;

    /// <summary>Bytes of the next answer; 0 when none can be sent now.</summary>
    public int NextLength =>
        _waiting.TryPeek(out (int File, HashRange Range) first) && (_answer is not null || IsOfPieces(first.File, first.Range)) ? HashMessage.Length + first.Range.HashesLength : 0;

    private PieceLayers Layers => supply.Layers;

    /// <summary>Takes a request.</summary>
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

    /// <summary>Reads what the first request needs, if it is of leaves. One that gets none is rejected, and the next one is the first.</summary>
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

            _isReading = true; // before, since it may be read at once
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

    /// <summary>Whether the hashes are those of pieces, which are there without reading.</summary>
    private bool IsOfPieces(int file, HashRange range) => range.BaseLayer == Layers.PieceHeight && Layers.PiecesIn(file) > 1;

    /// <summary>The piece that leaves are of; -1 when we do not have it, they are of several, or no leaves.</summary>
    private int PieceOf(int file, HashRange range)
    {
        int inFile = range.Index >> Layers.PieceHeight;
        if (range.BaseLayer != 0 || inFile >= Layers.PiecesIn(file))
            return -1;
        int piece = Layers.FirstPieceOf(file) + inFile;
        return range.Length <= 1 << Layers.HeightOf(piece) && swarm.Picker.Have[piece] ? piece : -1;
    }

    private ReadOnlySpan<byte> RootOf(int file) => swarm.Torrent.PieceRoots![file].Span;

    /// <summary>Whether hashes may be sent: so many to an address in the Internet, however often it connects. Near by many may share one.</summary>
    private bool TryTake(int bytes)
    {
        if (AddressRules.ReachOf(peer.EndPoint.Address) == AddressReach.World)
            return supply.OfAddress.TryTake(peer.EndPoint.Address, bytes, swarm.Now);
        _hashBytes += bytes;
        return _hashBytes <= supply.MostBytes;
    }

    /// <summary>Whether the peer has taken so much data that a piece may be read for it: twice as much.</summary>
    private bool IsEarned(int piece)
    {
        int bytes = swarm.Torrent.LengthOfPiece(piece);
        if (_leafBytes + bytes > 2 * peer.State.UploadRate.Total)
            return false;
        _leafBytes += bytes;
        return true;
    }
}
