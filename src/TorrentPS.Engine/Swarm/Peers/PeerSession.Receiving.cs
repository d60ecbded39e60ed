using System.Buffers;
using System.Buffers.Binary;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Peers;

internal sealed partial class PeerSession
{
    private const int SmallBuffer = 4 * 1024;
    public const int LargeBuffer = 512 * 1024;
    private const int ReceivesPerTurn = 4;

    /// <summary>Blocks that a peer may send after we no longer expect them: they were under way when we cancelled, or it choked us.</summary>
    private const int UnexpectedBlocks = 64;

    /// <summary>And at most, however often it chokes us.</summary>
    private const int MostForgiven = 4096;

    private int _forgiven = UnexpectedBlocks;
    private readonly MessageBudget _budget = new();
    private bool _toldDhtPort;
    private int _skipping; // bytes to come of a message that nobody reads

    private async Task ReceiveAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
        try
        {
            int used = 0, inTurn = 0;
            while (!_isClosed)
            {
                ValueTask<int> receiving = _download.DownloadLimiter.IsLimited
                    ? ReceiveLimitedAsync(buffer.AsMemory(used))
                    : _stream.ReceiveAsync(buffer.AsMemory(used));
                // Data that is always there must not keep the loop from other peers.
                inTurn = receiving.IsCompleted ? inTurn + 1 : 0;
                int received = await receiving;
                if (received == 0 || _isClosed)
                    return;
                _lastReceivedAt = _swarm.Now;
                used += received;
                int consumed = ReadMessages(buffer.AsSpan(0, used));
                if (_isClosed)
                    return;
                _download.Received(this);
                Flush();
                buffer = Rearrange(buffer, consumed, ref used);
                if (inTurn >= ReceivesPerTurn)
                {
                    inTurn = 0;
                    await Task.Yield();
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<int> ReceiveLimitedAsync(Memory<byte> buffer)
    {
        // Wait for data before taking a share of the limit, so that idle peers take none.
        await _stream.ReceiveAsync(Memory<byte>.Empty);
        IsHeldBack = true;
        int allowed = await _download.DownloadLimiter.TakeAsync(buffer.Length);
        IsHeldBack = false;
        int received = 0;
        try
        {
            received = await _stream.ReceiveAsync(buffer[..allowed]);
        }
        finally
        {
            _download.DownloadLimiter.GiveBack(allowed - received);
        }

        return received;
    }

    /// <summary>Keeps what is not consumed, in a buffer as large as the peer's pace and the next message need.</summary>
    private byte[] Rearrange(byte[] buffer, int consumed, ref int used)
    {
        int rest = used - consumed;
        int needed = rest < PeerMessage.PrefixLength ? 0 : PeerMessage.PrefixLength + BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(consumed));
        // Twice what has come, so that nobody has memory for a length alone.
        int wanted = rest == buffer.Length ? Math.Min(needed, 2 * rest) : buffer.Length;
        int large = _download.ReceiveBufferLength;
        if (used == buffer.Length && buffer.Length < large)
            wanted = Math.Max(wanted, Math.Min(buffer.Length * 4, large));
        else if (buffer.Length > large && rest < large / 2 && needed <= large)
            wanted = large; // there are more peers now
        else if (rest == 0 && State.Outstanding.Count == 0 && buffer.Length > 4 * SmallBuffer)
            wanted = SmallBuffer;
        if (wanted != buffer.Length)
        {
            byte[] next = ArrayPool<byte>.Shared.Rent(wanted);
            buffer.AsSpan(consumed, rest).CopyTo(next);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = next;
        }
        else if (consumed > 0 && rest > 0)
        {
            buffer.AsSpan(consumed, rest).CopyTo(buffer);
        }

        used = rest;
        return buffer;
    }

    /// <summary>Handles the whole messages among the bytes and says how many bytes they were.</summary>
    private int ReadMessages(ReadOnlySpan<byte> bytes)
    {
        int position = Math.Min(_skipping, bytes.Length);
        _skipping -= position;
        while (!_isClosed && bytes.Length - position >= PeerMessage.PrefixLength)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[position..]);
            if (length > PeerMessage.MaxLength)
            {
                Violate("a message of {0} bytes", length);
                break;
            }

            int missing = PeerMessage.PrefixLength + (int)length - (bytes.Length - position);
            if (missing > 0)
            {
                if (bytes.Length - position == PeerMessage.PrefixLength || IsAwaited((MessageId)bytes[position + 4], (int)length))
                    break;
                _skipping = missing;
                return bytes.Length;
            }

            Take(bytes.Slice(position + PeerMessage.PrefixLength, (int)length));
            position += PeerMessage.PrefixLength + (int)length;
        }

        return position;
    }

    /// <summary>Whether a message of which only the beginning is there is kept until the rest comes. One that is not known is not, and one that is too long is a violation.</summary>
    private bool IsAwaited(MessageId id, int length)
    {
        int longest = id == MessageId.Hashes ? LongestHashes() : PeerMessage.LongestOf(id, State.Pieces.Length);
        if (longest == 0)
            Charge(id, length);
        else if (length > longest)
            Violate(id == MessageId.Bitfield ? "a bitfield of {0} bytes that does not fit the torrent" : $"a message {id} of a wrong length: {{0}} bytes", length - 1);
        return longest > 0;
    }

    /// <summary>The way of every message that comes: it is charged, and may earn that back.</summary>
    private void Take(ReadOnlySpan<byte> message)
    {
        _budget.Charge(message.Length, _swarm.Now);
        if (message.IsEmpty)
        {
            if (_budget.IsOverdrawn)
                Violate("a flood of messages that move no data, the last {0}", "a keep-alive");
            return;
        }

        Handle((MessageId)message[0], message[1..]);
        if (_budget.IsOverdrawn)
            Violate("a flood of messages that move no data, the last {0}", (MessageId)message[0]);
    }

    /// <summary>Charges a message that passes through unread.</summary>
    private void Charge(MessageId id, int length)
    {
        _budget.Charge(length, _swarm.Now);
        if (_budget.IsOverdrawn)
            Violate("a flood of messages that move no data, the last {0}", id);
    }

    /// <summary>Takes what a message costs beside what every one does.</summary>
    private void Spend(int points)
    {
        if (!_budget.TrySpend(points))
            Violate("a flood of messages that move no data, the last for {0} points", points);
    }

    /// <summary>A message moved data, or is one of a number that is bounded.</summary>
    private void EarnBack() => _budget.Earn(MessageBudget.Idle);

    private void Handle(MessageId id, ReadOnlySpan<byte> payload)
    {
        switch (id)
        {
            case MessageId.Piece:
                HandlePiece(payload);
                break;
            case MessageId.Have when payload.Length == 4:
                HandleHave(BinaryPrimitives.ReadUInt32BigEndian(payload));
                break;
            case MessageId.Request when PeerMessage.TryReadBlock(payload, out BlockRequest block):
                HandleRequest(block);
                break;
            case MessageId.Cancel when PeerMessage.TryReadBlock(payload, out BlockRequest block):
                HandleCancel(block);
                break;
            case MessageId.Reject when IsFast && PeerMessage.TryReadBlock(payload, out BlockRequest block):
                HandleReject(block);
                break;
            case MessageId.Choke or MessageId.Unchoke when payload.IsEmpty:
                HandleChoke(id == MessageId.Choke);
                break;
            case MessageId.Interested or MessageId.NotInterested when payload.IsEmpty:
                HandleInterest(id == MessageId.Interested);
                break;
            case MessageId.Bitfield:
                HandleBitfield(payload);
                break;
            case MessageId.HaveAll or MessageId.HaveNone when IsFast && payload.IsEmpty:
                HandleHaveAll(id == MessageId.HaveAll);
                break;
            case MessageId.AllowedFast when IsFast && payload.Length == 4:
                HandleAllowedFast(BinaryPrimitives.ReadUInt32BigEndian(payload));
                break;
            case MessageId.Suggest when IsFast && payload.Length == 4:
                HandleSuggest(BinaryPrimitives.ReadUInt32BigEndian(payload));
                break;
            case MessageId.HashRequest or MessageId.Hashes or MessageId.HashReject:
                HandleHashMessage(id, payload);
                break;
            case MessageId.Port when payload.Length == 2:
                HandlePort(BinaryPrimitives.ReadUInt16BigEndian(payload));
                break;
            case MessageId.Extended when payload.Length > 0:
                HandleExtended(payload[0], payload[1..]);
                break;
            case MessageId.Have or MessageId.Request or MessageId.Cancel or MessageId.Choke or MessageId.Unchoke or MessageId.Interested or MessageId.NotInterested or MessageId.Extended:
                Violate("a message {0} of a wrong length", id);
                break;
            case MessageId.HaveAll or MessageId.HaveNone or MessageId.Suggest or MessageId.AllowedFast or MessageId.Reject when IsFast:
                Violate("a message {0} of a wrong length", id);
                break;
            default:
                break; // messages of extensions that were not agreed on, and unknown ones, are skipped (BEP 4)
        }
    }

    private void HandlePiece(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 8)
        {
            Violate("a message {0} of a wrong length", MessageId.Piece);
            return;
        }

        uint piece = BinaryPrimitives.ReadUInt32BigEndian(payload), begin = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        ReadOnlySpan<byte> data = payload[8..];
        State.DownloadRate.Add(data.Length, _swarm.Now);
        int index = begin % BlockRequest.BlockLength == 0 && piece <= int.MaxValue
            ? State.Outstanding.IndexOf((int)piece, (int)(begin / BlockRequest.BlockLength))
            : -1;
        if (index < 0)
        {
            _download.Wasted(this, data.Length);
            if (--_forgiven < 0)
                Violate("unrequested blocks", piece);
            return;
        }

        Outstanding item = State.Outstanding[index];
        if (data.Length != item.Piece.LengthOf(item.Block))
        {
            Violate("a block of {0} bytes where another length was asked for", data.Length);
            return;
        }

        State.Outstanding.RemoveAt(index);
        EarnBack();
        State.LastBlockAt = _swarm.Now;
        if (item.Piece.IsClosed || item.Piece.IsReceived(item.Block))
        {
            _download.Wasted(this, data.Length);
            return;
        }

        data.CopyTo(item.Piece.Place(item.Block, _download.Pool));
        _download.BlockReceived(this, item);
    }

    private void HandleHave(uint piece)
    {
        if (piece >= State.Pieces.Length)
            Violate("a 'have' of piece {0}, which does not exist", piece);
        else if (_swarm.Picker.PeerHas(State, (int)piece))
            GotPiece((int)piece);
    }

    private void GotPiece(int piece)
    {
        EarnBack();
        _download.PiecesChanged(this, piece);
    }

    private void HandleBitfield(ReadOnlySpan<byte> payload)
    {
        if (!Bitfield.TryCreate(payload, State.Pieces.Length, out Bitfield pieces))
        {
            Violate("a bitfield of {0} bytes that does not fit the torrent", payload.Length);
            return;
        }

        SetPieces(pieces);
    }

    private void SetPieces(Bitfield pieces)
    {
        Spend(MessageBudget.ForAll(pieces.Length));
        if (_isClosed)
            return;
        _swarm.Picker.RemovePeer(State);
        State.Pieces = pieces;
        State.IsPlainSeed = pieces.IsFull;
        _swarm.Picker.AddPeer(State);
        OfferAllowedFast();
        _download.PiecesChanged(this);
    }

    private void HandleChoke(bool isChoking)
    {
        if (State.IsChokingUs == isChoking)
            return;
        Spend(MessageBudget.Choke);
        if (_isClosed)
            return;
        State.IsChokingUs = isChoking;
        if (!IsFast)
            _forgiven = isChoking ? Math.Min(_forgiven + State.Outstanding.Count, MostForgiven) : _forgiven; // what is under way still arrives
        else if (!isChoking)
            ForgetReleased(); // each was to be sent or refused before
        _download.ChokeChanged(this);
    }

    private void HandleInterest(bool isInterested)
    {
        if (State.IsInterestedInUs == isInterested)
            return;
        Spend(MessageBudget.Interest);
        if (_isClosed)
            return;
        State.IsInterestedInUs = isInterested;
        if (!isInterested)
            RefuseWaiting(keepsAllowed: false);
        _upload.InterestChanged(this);
    }

    private void HandlePort(int port)
    {
        if (port == 0 || _toldDhtPort)
            return;
        _toldDhtPort = true; // once: nobody has us ping one port after the other
        _owner.DhtPortReceived(this, port);
    }

    private void Violate(string what, object detail)
    {
        if (_isClosed)
            return;
        _owner.Violated(this, string.Format(System.Globalization.CultureInfo.InvariantCulture, what, detail));
        Close(PeerClose.Violation);
    }
}
