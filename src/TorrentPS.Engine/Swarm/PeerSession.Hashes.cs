using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>Hashes of version 2 torrents, asked for and given (BEP 52, "peer messages").</content>
internal sealed partial class PeerSession
{
    /// <summary>Requests for leaves that wait for the disk; more are rejected.</summary>
    private const int MaxLeafRequests = 16;

    /// <summary>How many times all hashes of pieces may be asked for, with some more for small torrents.</summary>
    private const int HashTimes = 4;
    private const int MoreHashBytes = 1 << 20;

    /// <summary>What may be read for leaves beyond twice of what the peer took as data: it costs the disk as much, and the peer nothing.</summary>
    private const long MoreLeafBytes = 64 << 20;

    private const int MaxHashRejects = 1000;
    private const int MaxUnaskedHashes = 64;

    private readonly List<(int File, HashRange Range)> _hashesAsked = [];
    private readonly Queue<(int File, int Piece, HashRange Range)> _leavesWanted = new();
    private bool _isReadingLeaves;
    private long _hashBytes;
    private long _leafBytes;
    private int _hashRejects;
    private int _unaskedHashes;

    /// <summary>Requests for hashes that the peer has not answered.</summary>
    public int HashesAsked => _hashesAsked.Count;

    /// <summary>What these are of.</summary>
    public IReadOnlyList<(int File, HashRange Range)> UnansweredHashes => _hashesAsked;

    /// <summary>Until when it is asked for no hashes, having rejected a request; in seconds of the torrent's clock.</summary>
    public double HashesPausedUntil { get; set; }

    /// <summary>Asks for hashes.</summary>
    public void RequestHashes(int file, HashRange range)
    {
        if (_isClosed)
            return; // nobody is there to answer
        _hashesAsked.Add((file, range));
        HashMessage.Write(Append(HashMessage.Length), MessageId.HashRequest, RootOf(file), range);
        Flush();
    }

    private ReadOnlySpan<byte> RootOf(int file) => _swarm.Store.Torrent.PieceRoots![file].Span;

    private void HandleHashMessage(MessageId id, ReadOnlySpan<byte> payload)
    {
        if (!IsV2 || _swarm.Proofs is not { } proofs)
            return; // as any message that was not agreed on
        if (!HashMessage.TryRead(payload, out ReadOnlySpan<byte> root, out HashRange range, out ReadOnlySpan<byte> hashes) || (id != MessageId.Hashes && !hashes.IsEmpty))
        {
            Violate("a message {0} of a wrong length", id);
            return;
        }

        int file = proofs.FileOf(root);
        if (id == MessageId.HashRequest)
        {
            if (file < 0 || !TryAnswer(proofs, file, range))
                RejectHashes(root, range);
            return;
        }

        if (!_hashesAsked.Remove((file, range)))
        {
            if (++_unaskedHashes > MaxUnaskedHashes)
                Violate("hashes that nobody asked for: {0} times", _unaskedHashes);
        }
        else if (id == MessageId.HashReject)
        {
            _swarm.HashesRejected(this, file, range);
        }
        else if (hashes.Length != range.HashesLength)
        {
            Violate("a message {0} of a wrong length", id);
        }
        else
        {
            _swarm.HashesReceived(this, file, range, hashes);
        }
    }

    /// <summary>Answers a request for hashes, now or when the disk has been read; false when it is to be rejected.</summary>
    private bool TryAnswer(HashProofs proofs, int file, HashRange range)
    {
        PieceLayers layers = _swarm.Store.Layers!;
        if (!range.IsIn(layers.HeightOfFile(file)))
            return false;
        if (range.BaseLayer == layers.PieceHeight && layers.PiecesIn(file) > 1)
        {
            long all = (long)_swarm.Store.Torrent.PieceCount * Merkle.HashLength;
            _hashBytes += range.HashesLength;
            if (_hashBytes > HashTimes * 2 * all + MoreHashBytes || proofs.ProvePieces(file, range.Index, range.Length, range.ProofCount) is not { } hashes)
                return false;
            SendHashes(file, range, hashes);
            return true;
        }

        if (range.BaseLayer != 0 || PieceOfLeaves(layers, file, range) is not (>= 0 and var piece) || !_swarm.Picker.Have[piece] || _leavesWanted.Count >= MaxLeafRequests)
            return false;
        _leafBytes += _swarm.Store.Torrent.LengthOfPiece(piece);
        if (_leafBytes > 2 * State.UploadRate.Total + MoreLeafBytes)
            return false;
        _leavesWanted.Enqueue((file, piece, range));
        if (!_isReadingLeaves)
            _ = SendLeavesAsync(proofs);
        return true;
    }

    /// <summary>The piece that leaves are of; -1 when there is none, or they are of several.</summary>
    private static int PieceOfLeaves(PieceLayers layers, int file, HashRange range)
    {
        int inFile = range.Index >> layers.PieceHeight;
        if (inFile >= layers.PiecesIn(file))
            return -1;
        int piece = layers.FirstPieceOf(file) + inFile;
        return range.Length <= 1 << layers.HeightOf(piece) ? piece : -1;
    }

    private async Task SendLeavesAsync(HashProofs proofs)
    {
        _isReadingLeaves = true;
        try
        {
            while (!_isClosed && _leavesWanted.TryDequeue(out (int File, int Piece, HashRange Range) next))
            {
                byte[]? leaves = await new LeafReader(_swarm.Store, _swarm.DiskJobs, next.Piece).ReadAsync(_swarm.Disk);
                if (_isClosed)
                    return;
                if (leaves is not null && proofs.ProveLeaves(next.Piece, leaves, next.Range.Index, next.Range.Length, next.Range.ProofCount) is { } hashes)
                    SendHashes(next.File, next.Range, hashes);
                else
                    RejectHashes(RootOf(next.File), next.Range);
            }
        }
        catch (Exception e)
        {
            _swarm.Faulted(e);
        }
        finally
        {
            _isReadingLeaves = false;
        }
    }

    private void SendHashes(int file, HashRange range, byte[] hashes)
    {
        HashMessage.Write(Append(HashMessage.Length), MessageId.Hashes, RootOf(file), range, hashes.Length);
        hashes.CopyTo(Append(hashes.Length));
        _swarm.UploadLimiter.GiveBack(-hashes.Length); // goes before blocks, which then wait longer
        Flush();
    }

    private void RejectHashes(ReadOnlySpan<byte> root, HashRange range)
    {
        if (++_hashRejects > MaxHashRejects)
        {
            Violate("a flood of {0} requests for hashes that are not given", _hashRejects);
            return;
        }

        HashMessage.Write(Append(HashMessage.Length), MessageId.HashReject, root, range);
        Flush();
    }
}
