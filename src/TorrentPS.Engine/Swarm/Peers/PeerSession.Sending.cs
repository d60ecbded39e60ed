using System.Buffers;
using System.Runtime.CompilerServices;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

internal sealed partial class PeerSession
{
    private const int BlocksPerSend = 15; // with their headers just below 256 KiB, a size that pools well
    private const int HaveLength = 9;
    private const int HavesPerSend = 4096;
    private const int RequestFloodLimit = 2 * OwnRequestQueue;

    /// <summary>Bytes of messages that may wait behind what the peer does not take.</summary>
    public const int MaxOutgoing = 256 * 1024;

    /// <summary>For so long a peer may take nothing of what is sent to it.</summary>
    private const double StuckSeconds = 120;

    private readonly RequestQueue _requests = new();
    private BlockReader? _reader;
    private ServedPieces? _served;
    private byte[] _outgoing = [];
    private int _outgoingLength;
    private bool _isSending;
    private double _sendBeganAt;
    private int _dropped;
    private int _allowance; // bytes taken of the upload limit and not sent yet
    private bool _isWaitingForAllowance;
    private bool _isOverfull;
    private Bitfield? _untold; // pieces that the peer is still to be told of
    private int _untoldFrom;

    /// <summary>The pieces that it got blocks of last, those first that it is likeliest to have all of.</summary>
    public IEnumerable<int> LastServed => _served?.Pieces() ?? [];

    /// <summary>One of these by chance; false when nothing was sent since this was last asked.</summary>
    public bool TryTakeSample(out int piece)
    {
        piece = -1;
        return _served?.TryTakeSample(out piece) == true;
    }

    /// <summary>How many blocks the peer waits for.</summary>
    public int RequestsWaiting => _requests.Count;

    public void SendChoke(bool choke)
    {
        if (State.IsChokedByUs == choke)
            return;
        State.IsChokedByUs = choke;
        PeerMessage.WriteState(Append(5), choke ? MessageId.Choke : MessageId.Unchoke);
        if (choke)
            RefuseWaiting(keepsAllowed: true);
        Flush();
    }

    /// <summary>Tells the peer whether we want something of it, when that has changed.</summary>
    public void SendInterest(bool interested)
    {
        if (State.IsInterestingToUs == interested)
            return;
        State.IsInterestingToUs = interested;
        PeerMessage.WriteState(Append(5), interested ? MessageId.Interested : MessageId.NotInterested);
        Flush();
    }

    /// <summary>Bytes of messages that wait behind those that are being sent.</summary>
    public int BytesWaiting => _outgoingLength;

    /// <summary>What is made only when the connection is ready to send it: bytes of the next answer to the peer, 0 when there is none.</summary>
    private int NextAnswer => _hashServing?.NextLength is > 0 and int hashes ? hashes : _extensions.NextToSend()?.NextLength ?? 0;

    /// <summary>Queues the news that we have a piece; it goes with whatever is sent next, or by <see cref="Flush"/>.</summary>
    public void QueueHave(int piece)
    {
        _dontHave.Forget(piece);
        PeerMessage.WriteHave(Append(HaveLength), piece);
    }

    /// <summary>Tells the peer of many pieces, part by part as it takes them.</summary>
    public void TellPieces(Bitfield pieces)
    {
        (_untold, _untoldFrom) = (pieces, 0);
        Flush();
    }

    /// <summary>Pieces are not here any more: what is asked of them is refused, and the peer is told.</summary>
    /// <returns>False when it cannot be told.</returns>
    public bool Withdraw(Bitfield pieces)
    {
        for (int count = _requests.Count; count > 0 && !_isClosed; count--)
        {
            BlockRequest block = _requests.First;
            _requests.RemoveFirst();
            if (pieces[block.Piece])
                Refuse(block);
            else
                _requests.Add(block);
        }

        bool isTold = _dontHave.TryTell(pieces);
        Flush();
        return isTold && IsFast;
    }

    private void QueueUntold()
    {
        int left = HavesPerSend;
        for (; _untoldFrom < _untold!.Length && left > 0; _untoldFrom++)
        {
            if (!_untold[_untoldFrom] || !_swarm.Picker.Have[_untoldFrom])
                continue;
            QueueHave(_untoldFrom);
            left--;
        }

        if (left > 0)
            _untold = null;
    }

    /// <summary>Queues a request; <see cref="Flush"/> sends all that are queued at once.</summary>
    public void QueueRequest(Outstanding item)
    {
        State.Outstanding.Add(item);
        PeerMessage.WriteBlock(Append(PeerMessage.RequestLength), MessageId.Request, item.Piece.Request(item.Block));
    }

    /// <summary>Tells the peer that a block is not needed any more, and forgets that it was asked for.</summary>
    public void SendCancel(OpenPiece piece, int block)
    {
        int index = State.Outstanding.IndexOf(piece.Index, block);
        if (index < 0)
            return;
        State.Outstanding.RemoveAt(index);
        _forgiven++;
        PeerMessage.WriteBlock(Append(PeerMessage.RequestLength), MessageId.Cancel, piece.Request(block));
        Flush();
    }

    private void HandleRequest(BlockRequest block)
    {
        Torrent torrent = _swarm.Torrent;
        if (block.Piece >= torrent.PieceCount || block.Length > BlockRequest.MaxLength || (long)block.Begin + block.Length > torrent.ServedLengthOfPiece(block.Piece))
        {
            Violate("a request beyond the data: {0}", block);
        }
        else if (_requests.Count >= OwnRequestQueue)
        {
            if (++_dropped > RequestFloodLimit)
                Violate("a flood of {0} requests", _dropped);
            else
                Refuse(block);
        }
        else if (!Shares(block.Piece) || (State.IsChokedByUs && !TakeAllowed(block)))
        {
            Refuse(block); // perhaps it was asked before the peer heard of the choke
        }
        else
        {
            _requests.Add(block);
            Flush();
        }
    }

    private void HandleCancel(BlockRequest block)
    {
        if (_requests.Remove(block))
            Refuse(block); // BEP 6: a cancelled request, too, is answered
    }

    /// <summary>Sends what is queued, unless a send is under way, which then goes on with it.</summary>
    public void Flush()
    {
        if (_isSending || _isClosed || (_outgoingLength == 0 && _untold is null && !IsAnyoneWaiting))
            return;
        _ = SendAsync();
    }

    private async Task SendAsync()
    {
        _isSending = true;
        try
        {
            while (!_isClosed)
            {
                _sendBeganAt = _swarm.Now;
                if (_outgoingLength > 0)
                    await SendMessagesAsync();
                else if (_untold is not null)
                    QueueUntold();
                else if (NextAnswer is > 0 and int answer)
                {
                    if (!MaySend(answer))
                        break;
                    QueueAnswer();
                }
                else if (_requests.Count > 0 && MaySend())
                    await SendBlocksAsync();
                else
                    break;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            Close(PeerClose.Lost);
        }
        catch (Exception e)
        {
            Fault(e);
        }
        finally
        {
            _isSending = false;
            if (!IsAnyoneWaiting)
                GiveAllowanceBack();
            if (_isClosed)
                ReturnBuffers();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendMessagesAsync()
    {
        byte[] sending = _outgoing;
        int length = _outgoingLength;
        int refusals = _refusalsWaiting;
        _outgoing = [];
        _outgoingLength = 0;
        try
        {
            await _stream.SendAsync(sending.AsMemory(0, length));
            _refusalsWaiting -= refusals;
            _lastSentAt = _swarm.Now;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sending);
        }
    }

    /// <summary>Whether the peer waits for blocks or answers.</summary>
    private bool IsAnyoneWaiting => _requests.Count > 0 || NextAnswer > 0;

    /// <summary>Queues what is made only now. It passes the upload limit as blocks do: it is counted when it is sent, and not before.</summary>
    private void QueueAnswer()
    {
        if (_hashServing?.NextLength > 0)
            _hashServing.SendNext();
        else
            _extensions.NextToSend()!.SendNext();
        _allowance -= _outgoingLength;
        GiveAllowanceBack();
    }

    /// <summary>Whether blocks, or an answer, may be sent now. Where the upload limit says not yet, that is waited for aside, so that other messages go on.</summary>
    /// <param name="answer">The bytes of the answer.</param>
    private bool MaySend(int answer = 1)
    {
        if (!_upload.UploadLimiter.IsLimited)
            _allowance = Math.Max(answer, BlocksPerSend * BlockRequest.BlockLength);
        else if (_allowance < answer && !_isWaitingForAllowance)
            _ = WaitForAllowanceAsync();
        return _allowance >= answer;
    }

    private async Task WaitForAllowanceAsync()
    {
        _isWaitingForAllowance = true;
        try
        {
            do
            {
                int wanted = NextAnswer is > 0 and int answer ? answer - _allowance : Math.Min(_requests.Count, BlocksPerSend) * BlockRequest.BlockLength;
                _allowance += await _upload.UploadLimiter.TakeAsync(wanted);
            }
            while (!_isClosed && _allowance < NextAnswer); // no more than its part at a time, which is also that of each who waits for blocks
            _isWaitingForAllowance = false;
            if (_isClosed || !IsAnyoneWaiting)
                GiveAllowanceBack();
            else
                Flush();
        }
        catch (Exception e)
        {
            Fault(e);
        }
    }

    private void GiveAllowanceBack()
    {
        _upload.UploadLimiter.GiveBack(_allowance);
        _allowance = 0;
    }

    /// <summary>Reads the next few blocks that the peer asked for and sends them in one go.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendBlocksAsync()
    {
        BlockReader reader = _reader ??= _upload.CreateReader();
        reader.Blocks.Clear();
        int blocks = 0, bytes = 0;
        while (_requests.Count > 0 && blocks < _allowance && bytes + _requests.First.Length <= BlocksPerSend * (PeerMessage.PieceHeaderLength + BlockRequest.BlockLength))
        {
            reader.Blocks.Add(_requests.First);
            blocks += _requests.First.Length;
            bytes += PeerMessage.PieceHeaderLength + _requests.First.Length;
            _requests.RemoveFirst();
        }

        _allowance -= blocks;
        GiveAllowanceBack(); // below zero where blocks are larger than what was taken: the next ones wait longer
        byte[] buffer = ArrayPool<byte>.Shared.Rent(bytes);
        try
        {
            await reader.ReadAsync(buffer);
            if (_isClosed)
                return;
            await _stream.SendAsync(buffer.AsMemory(0, bytes));
            _lastSentAt = _swarm.Now;
            State.UploadRate.Add(blocks, _lastSentAt);
            _budget.Earn(2 * MessageBudget.Idle * reader.Blocks.Count); // for each request, and for a cancel of it that may be on its way
            _upload.Uploaded(this, blocks);
            NoteServed(reader.Blocks);
        }
        catch (TorrentException e)
        {
            foreach (BlockRequest block in reader.Blocks)
                Refuse(block);
            _upload.CutShort(this, reader.CutShort, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Notes which pieces were sent of: most often all blocks are of one.</summary>
    private void NoteServed(List<BlockRequest> blocks)
    {
        _served ??= new ServedPieces();
        for (int i = 0; i < blocks.Count;)
        {
            int piece = blocks[i].Piece, bytes = 0;
            for (; i < blocks.Count && blocks[i].Piece == piece; i++)
                bytes += blocks[i].Length;
            if (_served.Add(piece, bytes, _swarm.Torrent.ServedLengthOfPiece(piece)))
                _upload.Complained(this, piece);
        }
    }

    /// <summary>Whether the peer has taken nothing for so long that it is none.</summary>
    private bool IsStuck(double now) => _isSending && now - _sendBeganAt > StuckSeconds;

    /// <summary>Room for a message. What waits for a peer that does not read is bounded here, whatever it is: one for which too much waits is closed, and gets no more.</summary>
    private Span<byte> Append(int length)
    {
        if (_isSending && _outgoingLength > 0 && _outgoingLength + length > MaxOutgoing && !_isOverfull)
        {
            _isOverfull = true;
            _ = CloseOverfullAsync();
        }

        if (_isOverfull || _isClosed)
            return new byte[length]; // goes nowhere
        if (_outgoing.Length - _outgoingLength < length)
        {
            byte[] next = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _outgoing.Length, Math.Max(_outgoingLength + length, 1024)));
            _outgoing.AsSpan(0, _outgoingLength).CopyTo(next);
            if (_outgoing.Length > 0)
                ArrayPool<byte>.Shared.Return(_outgoing);
            _outgoing = next;
        }

        Span<byte> span = _outgoing.AsSpan(_outgoingLength, length);
        _outgoingLength += length;
        return span;
    }

    /// <summary>Closes it in its turn on the loop: whoever queues a message is in the midst of something.</summary>
    private async Task CloseOverfullAsync()
    {
        await Task.Yield();
        Close(PeerClose.TimedOut);
    }
}
