using TorrentPS.Engine.Net;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <content>Asking for blocks, putting pieces together, and what a finished piece means.</content>
internal sealed partial class TorrentSession
{
    /// <summary>Between two sends of the news that we have pieces: with many peers and pieces they would be most of all sends.</summary>
    private static readonly TimeSpan s_havePause = TimeSpan.FromMilliseconds(50);

    /// <summary>A peer that rejects a block while it does not choke us is not asked for the piece for this long.</summary>
    private const double PassOverSeconds = 10;

    private const int MaxFaultsInRow = 16;

    private readonly BadPieceJournal _badPieces = new();
    private long _downloaded;
    private long _uploaded;
    private long _wasted;
    private volatile bool _isShortOfMemory;
    private bool _areBlocksRejected;
    private int _fairWindow = int.MaxValue;
    private long _ticks;
    private int _askedFirst;
    private ITimer? _haveTimer;
    private double _havesSentAt = double.NegativeInfinity;
    private bool _areHavesDue;
    private int _faultsInRow; // that peers were closed for since the last good piece

    public void PiecesChanged(PeerSession peer, int piece = -1)
    {
        if (SuperSeeding is { } seeding && (piece < 0 ? seeding.Replace(peer.State, Now) : seeding.Has(peer.State, piece, Now)))
            EndSuperSeeding();
        ShowEarned();
        if (piece < 0)
            AskForHashes(peer);
        else
            AskForHashes(peer, piece);
        OffersChanged(peer);
    }

    public void OffersChanged(PeerSession peer)
    {
        if (IsComplete && peer.IsSeed)
        {
            peer.Close(PeerClose.NothingToDo);
            return;
        }

        peer.SendInterest(peer.State.Interesting > 0);
        AskForBlocks(peer);
    }

    public void ChokeChanged(PeerSession peer)
    {
        if (peer.State.IsChokingUs)
        {
            if (peer.IsFast)
                ReleaseRefused(peer.State);
            else
                ReleaseAll(peer.State);
            AskAll();
        }
        else
        {
            Share();
            AskForBlocks(peer);
        }
    }

    public void Received(PeerSession peer)
    {
        if (_areBlocksRejected)
        {
            _areBlocksRejected = false;
            AskAll();
        }

        AskForBlocks(peer);
    }

    public void Rejected(PeerSession peer, Outstanding item)
    {
        PeerState state = peer.State;
        int piece = item.Piece.Index;
        _picker.Release(state, item);
        _areBlocksRejected = true; // others are asked when what came with this is read
        if (state.IsChokingUs)
        {
            if (!item.IsReleased)
                state.AllowedFast.Remove(piece); // allowed is not promised
        }
        else if (_picker.PeerLacks(state, piece))
        {
            state.PassedOver.Add(piece);
            state.PassedOverUntil = Now + PassOverSeconds;
            peer.SendInterest(state.Interesting > 0);
        }
    }

    public void PieceLost(PeerSession peer, int piece)
    {
        PeerState state = peer.State;
        state.PassedOver.Remove(piece);
        if (!_picker.PeerLacks(state, piece))
            return;
        for (int i = 0; i < state.Outstanding.Count; i++)
        {
            if (state.Outstanding[i].Piece.Index == piece)
                Release(state, i);
        }

        peer.SendInterest(state.Interesting > 0);
        AskAll();
    }

    /// <summary>What a peer rejected though it does not choke us may be asked of it again: it had too much to do, perhaps.</summary>
    private void AskAgainForPassedOver(PeerSession peer)
    {
        int[] pieces = [.. peer.State.PassedOver];
        peer.State.PassedOver.Clear();
        foreach (int piece in pieces)
            _picker.PeerHas(peer.State, piece);
        OffersChanged(peer);
    }

    /// <summary>Fills a peer's window with requests; they are sent together.</summary>
    private void AskForBlocks(PeerSession peer)
    {
        PeerState state = peer.State;
        if (_isStopping || IsComplete || !(state.CanBeAsked || state.CanBeAskedWhileChoking) || peer.IsClosed)
            return;
        int window = Math.Min(state.Window.Size, _fairWindow);
        if (state.Outstanding.Count > window - Math.Min(window / 8 + 1, 16))
            return; // a few at a time, so that one send carries them
        if (state.Outstanding.Count == 0)
        {
            state.LastBlockAt = Now;
            state.DownloadRate.Resume(state.LastBlockAt);
        }

        while (state.Outstanding.Count < window)
        {
            if (!TryPick(state, out Outstanding picked))
                break;
            peer.QueueRequest(picked);
        }

        if (state.Outstanding.Count < window && Pool.IsShort)
            _isShortOfMemory = true; // when memory is free again, all are asked again
        peer.Flush();
    }

    private bool TryPick(PeerState peer, out Outstanding picked) =>
        peer.IsChokingUs ? _picker.TryPickAllowed(peer, out picked) : _picker.TryPick(peer, out picked) || TryHurry(peer, out picked);

    /// <summary>
    /// Divides what may be asked for at once among the peers: the memory for it, and no more than the download limit lets through in a while.
    /// What a peer does not need of its part is the others'. Without this the first few peers would have it all, and the others nothing to do.
    /// </summary>
    private void Share()
    {
        if (IsComplete)
            return;
        double blocks = Pool.Limit / 4 * 3 / BlockRequest.BlockLength;
        if (DownloadLimiter.IsLimited)
            blocks = Math.Min(blocks, DownloadLimiter.BytesPerSecond * RequestWindow.QueueSeconds / BlockRequest.BlockLength);
        PeerSession[] peers = Peers;
        Span<int> windows = peers.Length <= 256 ? stackalloc int[256] : new int[peers.Length];
        int count = 0;
        foreach (PeerSession peer in peers)
        {
            if (peer.State.CanBeAsked)
                windows[count++] = peer.State.Window.Size;
        }

        _fairWindow = Math.Max(FairShare.Level(windows[..count], (long)blocks), DownloadLimiter.IsLimited ? 1 : RequestWindow.Minimum);
    }

    /// <summary>Something became free to ask for: peers that have room take it.</summary>
    private void AskAll()
    {
        ForEach(static (session, peer) => session.AskForBlocks(peer));
    }

    /// <summary>There may be memory again: peers take it by turns, while there is some.</summary>
    private void AskAgain()
    {
        _isShortOfMemory = false;
        _webSeeds?.Pulse();
        PeerSession[] peers = Peers;
        for (int i = 0; i < peers.Length && !_isShortOfMemory; i++)
            Try(peers[(_askedFirst + i) % peers.Length], static (session, peer) => session.AskForBlocks(peer));
        _askedFirst = peers.Length == 0 ? 0 : (_askedFirst + 1) % peers.Length;
    }

    /// <summary>What a peer owes becomes free for others.</summary>
    private void ReleaseAll(PeerState peer)
    {
        for (int i = 0; i < peer.Outstanding.Count; i++)
            _picker.Release(peer, peer.Outstanding[i]);
        peer.Outstanding.Clear();
        _picker.Disown(peer);
    }

    /// <summary>A peer that speaks the fast extension chokes us: what it does not allow nevertheless it is going to reject, and others may be asked for it now.</summary>
    private void ReleaseRefused(PeerState peer)
    {
        peer.LastBlockAt = Now;
        for (int i = 0; i < peer.Outstanding.Count; i++)
        {
            if (!peer.AllowedFast.Contains(peer.Outstanding[i].Piece.Index))
                Release(peer, i);
        }

        _picker.Disown(peer);
    }

    /// <summary>Frees for others what a peer owes, though it is taken when it comes after all.</summary>
    private void Release(PeerState peer, int outstanding)
    {
        _picker.Release(peer, peer.Outstanding[outstanding]);
        peer.Outstanding[outstanding] = peer.Outstanding[outstanding] with { IsReleased = true };
    }

    public void BlockReceived(PeerSession peer, Outstanding item) => BlockReceived(peer.State, item);

    private void BlockReceived(PeerState peer, Outstanding item)
    {
        OpenPiece piece = item.Piece;
        PeerState? first = piece.FirstRequester(item.Block), second = piece.SecondRequester(item.Block);
        piece.Receive(item.Block, peer);
        if (first != peer)
            Cancel(first, piece, item.Block);
        if (second != peer)
            Cancel(second, piece, item.Block);
        _downloaded += piece.LengthOf(item.Block);
        _lastProgressAt = Now;
        if (peer.IsSnubbed)
        {
            peer.IsSnubbed = false;
            peer.Window.Restart();
            PiecePicker.Reclaim(peer);
        }

        peer.Window.BlockReceived(peer.Rate, _lastProgressAt);
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
            _picker.Completed(piece);
    }

    // Apart, since it allocates what it captures also where it makes nothing.
    private PieceWriter CreateWriter(OpenPiece piece) =>
        new(piece.Index, piece.Kept, _disk, SegmentFreed, writer => _loop.Enqueue(_ => PieceDone(piece, writer), null)) { WantsDigests = _badPieces.Knows(piece.Index) };

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

    public void Wasted(PeerSession peer, int bytes)
    {
        _downloaded += bytes;
        _wasted += bytes;
    }

    public void Uploaded(PeerSession peer, int bytes)
    {
        _uploaded += bytes;
        _uploadRate.Add(bytes, Now);
    }

    private void SegmentFreed(PieceWriter writer)
    {
        if (!_isShortOfMemory)
            return;
        _loop.Enqueue(_ => AskAgain(), null);
    }

    private void PieceDone(OpenPiece piece, PieceWriter writer)
    {
        try
        {
            if (writer.Failure is { } failure)
            {
                if (!_isStopping)
                    StorageFailed(failure);
            }
            else if (writer.Fault is { } fault)
            {
                PieceFaulted(piece, fault);
            }
            else if (writer.IsValid)
            {
                PieceVerified(piece.Index, writer.BlockDigests);
            }
            else
            {
                PieceFailed(piece, writer.BlockDigests!);
            }
        }
        catch (Exception e) when (_picker[piece.Index] != PieceState.Have)
        {
            PieceFaulted(piece, e);
        }
    }

    /// <summary>
    /// The data of a piece has brought out a fault of this program: it is fetched again, and those that sent it are closed. Where that meets one peer after the other and no
    /// piece gets through, it has nothing to do with what they send.
    /// </summary>
    private void PieceFaulted(OpenPiece piece, Exception fault)
    {
        Log($"Piece {piece.Index} is downloaded again after a fault of this program: {fault}");
        bool isAnyClosed = false;
        for (int block = 0; block < piece.BlockCount; block++)
        {
            if (piece.Sender(block) is ConnectedPeerState { Session: { IsClosed: false } session })
            {
                session.Fault(fault);
                isAnyClosed = true;
            }
            else if (piece.Sender(block) is { } sender && _webSeeds?.Fault(sender, fault) == true)
            {
                isAnyClosed = true;
            }
        }

        if (isAnyClosed && ++_faultsInRow > MaxFaultsInRow)
            Faulted(fault);
        else if (_picker[piece.Index] == PieceState.Verifying)
            FetchAgain(piece);
    }

    private void PieceVerified(int piece, byte[][]? digests)
    {
        _picker.Verified(piece);
        _faultsInRow = 0;
        _suspects.Remove(piece);
        _bytesCompleted += _layout.BytesWantedIn(piece);
        _bytesLeft -= _torrent.DataLengthOfPiece(piece);
        CountContiguous(_picker.Have);
        _isResumeDirty = true;
        foreach (PeerState liar in _badPieces.Verified(piece, digests))
            Ban(liar);
        ForEach((_, peer) =>
        {
            if (peer.State.Pieces[piece])
            {
                peer.State.Interesting--;
                peer.SendInterest(peer.State.Interesting > 0);
            }

            // Who has the piece need not know; but a super-seed shows the next when it hears what became of one that it showed (BEP 16).
            if (!peer.State.IsPlainSeed)
                peer.QueueHave(piece);
        });

        SendHaves();

        if (_picker.Missing == 0)
            Completed();
        else if (_isShortOfMemory)
            AskAgain();
    }

    /// <summary>Sends what peers were not told yet: at once, unless that was done just now; then with what comes in the next moment.</summary>
    private void SendHaves()
    {
        if (_areHavesDue)
            return;
        double now = Now;
        if (now - _havesSentAt >= s_havePause.TotalSeconds)
        {
            _havesSentAt = now;
            ForEach(static (_, peer) => peer.Flush());
            return;
        }

        _areHavesDue = true;
        _haveTimer ??= _time.CreateTimer(_ => _loop.Enqueue(_ =>
        {
            _areHavesDue = false;
            SendHaves();
        }, null), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _haveTimer.Change(s_havePause, Timeout.InfiniteTimeSpan);
    }

    private void Completed()
    {
        _state = TorrentState.Seeding;
        _completedAt = Now;
        _roster.Book.IsSeeding = true;
        _discoveries?.Completed();
        if (!IsSeedingWanted)
        {
            _end.TrySetResult(new Ending(TorrentState.Completed));
            return;
        }

        ForEach(static (_, peer) =>
        {
            if (peer.IsSeed)
                peer.Close(PeerClose.NothingToDo);
            else
                peer.TellUploadOnly();
        });
    }
}
