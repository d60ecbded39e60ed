using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>Puts blocks together to pieces, hands these to the disk, and decides what comes of them when they are verified. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="picker">The pieces.</param>
/// <param name="disk">Where they are written.</param>
/// <param name="requests">Asks for more.</param>
/// <param name="counters">What was received.</param>
/// <param name="repair">Takes those that are wrong.</param>
/// <param name="bans">Parts with those that have sent them.</param>
internal sealed class PieceAssembly(SwarmRun run, PiecePicker picker, PieceDisk disk, BlockRequests requests, TransferCounters counters, PieceRepair repair, PeerBans bans)
{
    /// <summary>Peers that are closed for faults with pieces, one after the other and no good piece between, before the fault is that of the run.</summary>
    private const int MaxFaultsInRow = 16;

    private int _faultsInRow;

    /// <summary>Is told of each piece that is there now.</summary>
    public required Action<int> Verified { get; init; }

    /// <summary>A block of an open piece has arrived and lies in its place.</summary>
    public void BlockReceived(PeerState peer, Outstanding item)
    {
        OpenPiece piece = item.Piece;
        PeerState? first = piece.FirstRequester(item.Block), second = piece.SecondRequester(item.Block);
        piece.Receive(item.Block, peer);
        if (first != peer)
            Cancel(first, piece, item.Block);
        if (second != peer)
            Cancel(second, piece, item.Block);
        counters.Received(piece.LengthOf(item.Block));
        double now = run.Now;
        run.LastProgressAt = now;
        if (peer.IsSnubbed)
        {
            peer.IsSnubbed = false;
            peer.Window.Restart();
            PiecePicker.Reclaim(peer);
        }

        peer.Window.BlockReceived(peer.Rate, now);
        Advance(piece);
    }

    /// <summary>A fault cut short what a peer's message changes: what it is still noted for is free again, and what was about to go to the disk goes there.</summary>
    public void Recover(PeerState peer)
    {
        picker.ReleaseAllOf(peer);
        foreach (OpenPiece piece in picker.Open.ToArray())
            Advance(piece);
    }

    /// <summary>Gives the disk what is whole of a piece.</summary>
    private void Advance(OpenPiece piece)
    {
        while (piece.TakeFullSegment() is { } segment)
        {
            piece.Writer ??= CreateWriter(piece);
            piece.Writer.Add(segment);
        }

        if (piece is { IsComplete: true, IsClosed: false })
            picker.Completed(piece);
    }

    // Apart, since it allocates what it captures also where it makes nothing.
    private PieceWriter CreateWriter(OpenPiece piece) =>
        new(piece.Index, piece.Kept, disk, _ => requests.SegmentFreed(), writer => run.Loop.Enqueue(_ => Done(piece, writer), null)) { WantsDigests = repair.Knows(piece.Index) };

    private static void Cancel(PeerState? other, OpenPiece piece, int block)
    {
        if (other is ConnectedPeerState { Session: var session })
            SendCancel(session, piece, block);
        else
            other?.Outstanding.Remove(piece.Index, block); // a web seed sends a run; what is left of it is cut off when nothing of it is needed
    }

    private static void SendCancel(PeerSession other, OpenPiece piece, int block)
    {
        try
        {
            other.SendCancel(piece, block);
        }
        catch (Exception e) // no fault of the one that has sent the block
        {
            other.Fault(e);
        }
    }

    private void Done(OpenPiece piece, PieceWriter writer)
    {
        try
        {
            if (writer.Failure is { } failure)
            {
                if (!run.IsStopping)
                    run.End.StorageFailed(failure);
            }
            else if (writer.Fault is { } fault)
            {
                Faulted(piece, fault);
            }
            else if (writer.IsValid)
            {
                picker.Verified(piece.Index);
                _faultsInRow = 0;
                repair.Verified(piece.Index, writer.BlockDigests);
                Verified(piece.Index);
            }
            else
            {
                repair.Failed(piece, writer.BlockDigests!);
            }
        }
        catch (Exception e) when (picker[piece.Index] != PieceState.Have)
        {
            Faulted(piece, e);
        }
    }

    /// <summary>
    /// The data of a piece has brought out a fault of this program: it is fetched again, and those that sent it are closed. Where that meets one peer after the other and no
    /// piece gets through, it has nothing to do with what they send.
    /// </summary>
    private void Faulted(OpenPiece piece, Exception fault)
    {
        run.Log($"Piece {piece.Index} is downloaded again after a fault of this program: {fault}");
        bool isAnyClosed = false;
        for (int block = 0; block < piece.BlockCount; block++)
            isAnyClosed |= piece.Sender(block) is { } sender && bans.Fault(sender, fault);
        if (isAnyClosed && ++_faultsInRow > MaxFaultsInRow)
            run.End.Faulted(fault);
        else if (picker[piece.Index] == PieceState.Verifying)
            repair.FetchAgain(piece);
    }
}
