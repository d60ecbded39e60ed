using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>Assembles blocks into pieces, passes these to the disk, and handles the results. Belongs to the torrent's loop.</summary>
/// <param name="run">The run.</param>
/// <param name="picker">The pieces.</param>
/// <param name="disk">Writes the pieces.</param>
/// <param name="requests">Requests blocks.</param>
/// <param name="counters">The transfer counters.</param>
/// <param name="repair">Repairs wrong pieces.</param>
/// <param name="bans">Bans their senders.</param>
internal sealed class PieceAssembly(SwarmRun run, PiecePicker picker, PieceDisk disk, BlockRequests requests, TransferCounters counters, PieceRepair repair, PeerBans bans)
{
    /// <summary>The number of peers closed for faults with pieces in a row, without a good piece in between, after which the fault ends the run.</summary>
    private const int MaxFaultsInRow = 16;

    private int _faultsInRow;

    /// <summary>Called for each piece that is complete.</summary>
    public required Action<int> Verified { get; init; }

    /// <summary>A block of an open piece has been received into its place.</summary>
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

    /// <summary>
    /// A fault interrupted the handling of a peer's message: releases what is marked as requested from it, and passes on what was about to go to the disk.
    /// </summary>
    public void Recover(PeerState peer)
    {
        picker.ReleaseAllOf(peer);
        foreach (OpenPiece piece in picker.Open.ToArray())
            Advance(piece);
    }

    /// <summary>Passes complete segments of a piece to the disk.</summary>
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

    // A separate method, because a closure is allocated even if it is not used.
    private PieceWriter CreateWriter(OpenPiece piece) =>
        new(piece.Index, piece.Kept, disk, _ => requests.SegmentFreed(), writer => run.Loop.Enqueue(_ => Done(piece, writer), null)) { WantsDigests = repair.Knows(piece.Index) };

    /// <summary>Withdraws all requests for blocks of a piece.</summary>
    public static void CancelAll(OpenPiece piece)
    {
        for (int block = 0; block < piece.BlockCount; block++)
        {
            while (piece.Requesters(block) > 0 && piece.FirstRequester(block) is { } requester)
            {
                Cancel(requester, piece, block);
                piece.RemoveRequester(block, requester);
            }
        }
    }

    private static void Cancel(PeerState? other, OpenPiece piece, int block)
    {
        if (other is ConnectedPeerState { Session: var session })
            SendCancel(session, piece, block);
        else
            other?.Outstanding.Remove(piece.Index, block); // a web seed sends a run, the rest of which is cut off if nothing of it is needed
    }

    private static void SendCancel(PeerSession other, OpenPiece piece, int block)
    {
        try
        {
            other.SendCancel(piece, block);
        }
        catch (Exception e) // not a fault of the sender of the block
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
    /// The data of a piece has triggered a fault of this program: it is fetched again, and its senders are closed. If that happens with one peer after another and no
    /// piece succeeds, their data is not the cause.
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
